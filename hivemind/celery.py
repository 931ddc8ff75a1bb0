"""The Celery app. Tasks take ids and call one service; a worker process gets its identity when it starts."""

import os
import time
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_postrun, task_prerun, worker_init, worker_shutdown
from celery.states import SUCCESS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hivemind.settings.base")

app = Celery("hivemind")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

QUEUES = "runs,builds"


@worker_init.connect
def _become_a_worker(**_: Any) -> None:
    from attestation.server.services import evidence
    from hivemind.kit import worker
    from hivemind.kit.services import jobs
    from runner.services import warm

    evidence.state()  # begins to collect, so that the first record need not wait for its signer
    jobs.declare()
    warm.up()
    worker.start(queues=QUEUES)


@worker_shutdown.connect
def _retire(**_: Any) -> None:
    from hivemind.kit import worker

    worker.stop()


_attributed: dict[str, ExitStack] = {}


@task_prerun.connect
def _attribute(task_id: str, task: Any, **_: Any) -> None:
    """What a task changes is changed by the platform; a request that runs it at once comes before it."""
    from hivemind.kit import acting

    actor = f"system:{task.name.rpartition('.')[2]}"
    _attributed[task_id] = stack = ExitStack()
    stack.enter_context(acting.on_behalf(lambda: {"actor": actor}))


@task_postrun.connect
def _attribute_no_more(task_id: str, **_: Any) -> None:
    stack = _attributed.pop(task_id, None)
    if stack is not None:
        stack.close()


_begun: dict[str, float] = {}


@task_prerun.connect
def _time_a_job(task_id: str, **_: Any) -> None:
    _begun[task_id] = time.monotonic()


@task_postrun.connect
def _note_a_job(task_id: str, task: Any, state: str | None = None, retval: Any = None, **_: Any) -> None:
    """What runs by the clock has nobody who waits for it: the operator's pages tell how it ended."""
    from hivemind.kit.services import jobs

    took = timedelta(seconds=time.monotonic() - _begun.pop(task_id, time.monotonic()))
    name = jobs.entry_of(task.name)
    if name:
        jobs.ended(name, took=took, failure="" if state == SUCCESS else type(retval).__name__)


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Connected so that Celery leaves Django's logging configuration alone."""
