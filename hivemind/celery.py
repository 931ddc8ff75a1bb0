"""The Celery app. Tasks take ids and call one service; a worker process gets its identity when it starts."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_shutdown

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hivemind.settings.base")

app = Celery("hivemind")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

QUEUES = "runs,builds"


@worker_init.connect
def _become_a_worker(**_: Any) -> None:
    from hivemind.kit import worker
    from runner.services import warm

    warm.up()
    worker.start(queues=QUEUES)


@worker_shutdown.connect
def _retire(**_: Any) -> None:
    from hivemind.kit import worker

    worker.stop()


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Connected so that Celery leaves Django's logging configuration alone."""
