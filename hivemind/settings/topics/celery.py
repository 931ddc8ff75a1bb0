"""Celery: messages are nudges that carry ids; the database is the truth, so a lost message loses nothing."""

from celery.schedules import crontab

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_DEFAULT_QUEUE = "runs"
CELERY_TASK_ROUTES = {"agents.tasks.*": {"queue": "builds"}}
CELERY_BEAT_SCHEDULE = {
    "reap-runs": {"task": "runner.tasks.reap", "schedule": 5.0, "options": {"expires": 5}},
    "reap-builds": {"task": "agents.tasks.reap_builds", "schedule": 15.0, "options": {"expires": 15}},
    "retain-uploads": {"task": "agents.tasks.retain_uploads", "schedule": 300.0, "options": {"expires": 300}},
    "clean-engine": {"task": "agents.tasks.clean_engine", "schedule": 3600.0, "options": {"expires": 3600}},
    "retain": {"task": "runner.tasks.retain", "schedule": 300.0, "options": {"expires": 300}},
    "forget-failures": {"task": "hivemind.kit.tasks.forget_failures", "schedule": 300.0, "options": {"expires": 300}},
    "expire-money": {"task": "billing.tasks.expire", "schedule": 300.0, "options": {"expires": 300}},
    "check-books": {
        "task": "billing.tasks.check_books",
        "schedule": crontab(hour=3, minute=30),
        "options": {"expires": 3600},
    },
}
