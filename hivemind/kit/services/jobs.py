"""Jobs that run by the clock: what became of each one last, and which of them should have run by now."""

from datetime import timedelta
from typing import Any, Final

from celery.schedules import crontab
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Coalesce

from hivemind.kit import clock
from hivemind.kit.models import ScheduledJob

DAY_SECONDS: Final = 86_400.0
LEAST_PATIENCE_SECONDS: Final = 120.0
DAY_PATIENCE_SECONDS: Final = 7_200.0


def entry_of(task: str) -> str:
    """The name under which the schedule calls a task; empty for a task that it does not call."""
    return next((name for name, entry in _schedule().items() if entry["task"] == task), "")


def task_of(name: str) -> str:
    """The task that an entry of the schedule calls; empty when there is no such entry."""
    return str(_schedule().get(name, {}).get("task", ""))


def period(name: str) -> timedelta:
    """How far apart an entry's calls are; those at a time of day are a day apart."""
    return timedelta(seconds=DAY_SECONDS if _has_time_of_day(name) else _schedule()[name]["schedule"])


def is_overdue(job: ScheduledJob) -> bool:
    """Whether a job that the schedule still has should have ended again by now.

    A beat that starts anew waits a whole period before it calls what has one, so that is waited for as well.
    """
    if not task_of(job.name):
        return False
    apart = period(job.name)
    patience = timedelta(seconds=DAY_PATIENCE_SECONDS if _has_time_of_day(job.name) else LEAST_PATIENCE_SECONDS)
    due = apart if _has_time_of_day(job.name) else apart * 2
    return clock.now() - max(job.ended_at or job.declared_at, job.declared_at) > due + patience


def declare() -> None:
    """Have a row for each entry of the schedule, and none for entries that are gone. From now on they are awaited."""
    names, now = list(_schedule()), clock.now()
    ScheduledJob.objects.exclude(pk__in=names).delete()
    rows = [ScheduledJob(name=name, declared_at=now) for name in names]
    ScheduledJob.objects.bulk_create(rows, update_conflicts=True, unique_fields=["name"], update_fields=["declared_at"])


def ended(name: str, *, took: timedelta, failure: str = "") -> None:
    """Note that a job ended: well, or with a failure of this kind."""
    now = clock.now()
    told: dict[str, Any] = {"ended_at": now, "took_ms": took // timedelta(milliseconds=1)}
    if failure:
        told |= {"failure": failure[:120], "failures": F("failures") + 1}
        told |= {"failing_since": Coalesce(F("failing_since"), now)}
    else:
        told |= {"succeeded_at": now, "failure": "", "failures": 0, "failing_since": None}
    if not ScheduledJob.objects.filter(pk=name).update(**told):
        declare()
        ScheduledJob.objects.filter(pk=name).update(**told)


def _has_time_of_day(name: str) -> bool:
    return isinstance(_schedule()[name]["schedule"], crontab)


def _schedule() -> dict[str, dict[str, Any]]:
    schedule: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
    return schedule
