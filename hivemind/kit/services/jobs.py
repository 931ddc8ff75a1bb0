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


def entry_of(task: str) -> str:
    """The name under which the schedule calls a task; empty for a task that it does not call."""
    return next((name for name, entry in _schedule().items() if entry["task"] == task), "")


def task_of(name: str) -> str:
    """The task that an entry of the schedule calls; empty when there is no such entry."""
    return str(_schedule().get(name, {}).get("task", ""))


def period(name: str) -> timedelta:
    """How far apart an entry's calls are; those at a time of day are a day apart."""
    every = _schedule()[name]["schedule"]
    return timedelta(seconds=DAY_SECONDS if isinstance(every, crontab) else every)


def is_overdue(job: ScheduledJob) -> bool:
    """Whether a job that the schedule still has should have ended again by now, some patience included."""
    if not task_of(job.name):
        return False
    apart = period(job.name)
    patience = max(timedelta(seconds=LEAST_PATIENCE_SECONDS), apart / 10)
    return clock.now() - (job.ended_at or job.declared_at) > apart + patience


def declare() -> None:
    """Have a row for each entry of the schedule, and none for entries that are gone."""
    names = list(_schedule())
    ScheduledJob.objects.exclude(pk__in=names).delete()
    rows = [ScheduledJob(name=name, declared_at=clock.now()) for name in names]
    ScheduledJob.objects.bulk_create(rows, ignore_conflicts=True)


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


def _schedule() -> dict[str, dict[str, Any]]:
    schedule: dict[str, dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE
    return schedule
