"""The Celery app. Tasks take ids and call one service."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hivemind.settings.base")

app = Celery("hivemind")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
