"""The reaper: a sweep that needs no message and brings every run to an end."""

import logging
from datetime import timedelta

from django.db.models import QuerySet

from agents.models import ImageBuild
from agents.services.engine import engine
from hivemind.kit import clock, handoff, states
from hivemind.kit.errors import Unavailable
from hivemind.kit.models import WorkerKey
from runner import nudges
from runner.engine.errors import EngineError
from runner.enums import FailureCode, RunStatus
from runner.models import Run
from runner.services import finish, leftovers

log = logging.getLogger(__name__)
RENUDGE_SECONDS = 5
FORGET_WORKER_SECONDS = 3_600


def sweep() -> None:
    """End what cannot go on, wake what was forgotten, remove containers, readers and workers that nobody knows."""
    alive = {w.worker_id for w in handoff.living("runs")}
    _sweep_waiting(alive)
    _end_orphans(Run.objects.filter(status=RunStatus.RUNNING), alive)
    forgotten = clock.now() - timedelta(seconds=FORGET_WORKER_SECONDS)
    WorkerKey.objects.filter(heartbeat_at__lt=forgotten).delete()
    _remove_strays()
    leftovers.remove()


def _sweep_waiting(alive: set[str]) -> None:
    now = clock.now()
    for run in Run.objects.filter(status=RunStatus.PENDING):
        if run.cancel_requested_at is not None:
            _end(run, FailureCode.CANCELLED)
        elif now > run.deadline_at:
            _end(run, FailureCode.DEADLINE)
        elif not alive.intersection(run.handoff):
            _end(run, FailureCode.WORKER_LOST)
        elif now - run.created_at > timedelta(seconds=RENUDGE_SECONDS):
            nudges.run(run.pk)


def _end_orphans(running: QuerySet[Run], alive: set[str]) -> None:
    now = clock.now()
    for run in running:
        code = None
        if run.worker_id not in alive:
            code = FailureCode.WORKER_LOST
        elif now > run.deadline_at:
            code = FailureCode.DEADLINE
        if code is not None and _end(run, code):
            log.warning("ended a run that nobody carried on", extra={"run_id": run.pk, "code": code})


def _end(run: Run, code: FailureCode) -> bool:
    """End one run. False when somebody was faster, and when nothing can be signed now: the next sweep tries again."""
    try:
        finish.end(run, finish.failed(code), room_key=None)
    except states.StaleState:
        return False
    except Unavailable:
        log.exception("a run cannot be ended now", extra={"run_id": run.pk})
        return False
    return True


def _remove_strays() -> None:
    living = set(Run.objects.filter(ended_at=None).values_list("pk", flat=True))
    # A build that reaches the package index does so through a container of its own.
    living |= set(ImageBuild.objects.filter(ended_at=None).values_list("pk", flat=True))
    try:
        removed = engine().remove_strays(living)
    except EngineError:
        log.warning("the container engine does not answer; strays stay for the next sweep")
        return
    if removed:
        log.info("removed containers of ended runs", extra={"count": removed})
