"""The last day in numbers, for the home page and for the pages of tenants and rooms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.db.models.functions import TruncHour

from hivemind.kit import clock
from runner.admin import states
from runner.enums import RunStatus
from runner.models import Run, Stage

HOURS = 24
NEWEST = 10
OF_LIST = (
    *("id", "tenant", "tenant__name", "room", "room__name", "status", "failure_code"),
    *("cancel_requested_at", "created_at", "ended_at"),
)


@dataclass(frozen=True)
class Hour:
    """The runs asked within one hour, and the heights of its bars in percent of the busiest hour."""

    begins_at: datetime
    good: int
    bad: int
    good_height: float
    bad_height: float

    @property
    def told(self) -> str:
        """What the pointer says."""
        return f"{self.begins_at:%H}:00 UTC: {self.good + self.bad} runs, {self.bad} failed"


def lately(rows: QuerySet[Any]) -> dict[str, int]:
    """How many runs were asked in the last day, by how they are now."""
    ended = {
        str(s): Count("pk", filter=Q(status=s)) for s in (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED)
    }
    going = Count("pk", filter=Q(ended_at=None))
    return asked_lately(rows).aggregate(asked=Count("pk"), going=going, **ended)


def asked_lately(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Runs that were asked in the last day."""
    return rows.filter(created_at__gte=clock.now() - states.DAY)


def newest() -> list[Run]:
    """The newest runs, with what the list shows of them."""
    rows = Run.objects.select_related("tenant", "room").only(*OF_LIST).prefetch_related(_stages())
    return list(rows[:NEWEST])


def by_hour() -> list[Hour]:
    """The last day, hour by hour, the oldest first."""
    this = clock.now().replace(minute=0, second=0, microsecond=0)
    first = this - timedelta(hours=HOURS - 1)
    bad = Count("pk", filter=Q(status=RunStatus.FAILED))
    rows = Run.objects.order_by().filter(created_at__gte=first).annotate(hour=TruncHour("created_at"))
    counted = {row["hour"]: row for row in rows.values("hour").annotate(all=Count("pk"), bad=bad)}
    most = max((row["all"] for row in counted.values()), default=1)
    return [_hour(first + timedelta(hours=n), counted, most) for n in range(HOURS)]


def _hour(begins_at: datetime, counted: Mapping[datetime, Mapping[str, Any]], most: int) -> Hour:
    row = counted.get(begins_at, {"all": 0, "bad": 0})
    good = row["all"] - row["bad"]
    return Hour(begins_at, good, row["bad"], round(good * 100 / most, 1), round(row["bad"] * 100 / most, 1))


def _stages() -> Any:
    return Prefetch(
        "stages", Stage.objects.only("id", "run_id", "name", "position", "status", "started_at", "ended_at")
    )
