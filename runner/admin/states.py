"""The words for states and failures, and the rows that an operator asks about."""

from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.utils.safestring import SafeString

from hivemind.kit import clock
from hivemind.kit.admin import columns
from runner.enums import FailureCode, RunStatus, StageStatus
from runner.models import Run

LONG = timedelta(seconds=30)
DAY = timedelta(days=1)
# Runs live for an hour or so: those that ended in the last day were asked in the last two, and `created_at` is indexed.
ASKED_WITHIN = timedelta(days=2)
COLOURS = {"pending": "info", "running": "going", "completed": "success", "failed": "danger", "cancelled": "plain"}
ASKERS = {"owner": "owner", "query": "invite", "share": "share link"}
WHOSE = {
    FailureCode.SCOPE_AGENT: "the scope agent failed",
    FailureCode.QUERY_AGENT: "the query agent failed",
    FailureCode.MEDIATOR_AGENT: "the mediator failed",
    FailureCode.BUILD: "an image could not be built",
    FailureCode.DEADLINE: "its deadline passed",
    FailureCode.WORKER_LOST: "its worker was lost",
    FailureCode.CANCELLED: "somebody stopped it",
    FailureCode.PLATFORM: "the platform failed",
}
Rows = QuerySet[Any]


def badge(run: Run) -> SafeString:
    """The state of a run whose stages are loaded; a running one with its stage."""
    if run.ended_at is None and run.cancel_requested_at is not None:
        return columns.badge("warning", "stopping")
    text = str(run.status)
    if run.status == RunStatus.RUNNING:
        text = ": ".join([text, *(s.name for s in run.stages.all() if s.status == StageStatus.EXECUTING)])
    return columns.badge(COLOURS[run.status], text)


def whose(failure_code: str) -> str:
    """Whose failure it was, in words; empty for a run that did not fail."""
    return next((text for code, text in WHOSE.items() if code == failure_code), failure_code)


def failed_lately(rows: Rows) -> Rows:
    """Runs that failed in the last day."""
    now = clock.now()
    return rows.filter(status=RunStatus.FAILED, created_at__gte=now - ASKED_WITHIN, ended_at__gte=now - DAY)


def waiting_long(rows: Rows) -> Rows:
    """Runs that no worker has taken up for half a minute."""
    return rows.filter(ended_at=None, status=RunStatus.PENDING, created_at__lt=clock.now() - LONG)


def waited_long_lately(rows: Rows) -> Rows:
    """Runs of the last day whose first stage began more than half a minute late."""
    lately = rows.filter(created_at__gte=clock.now() - DAY)
    return lately.filter(stages__position=0, stages__started_at__gt=F("created_at") + LONG)
