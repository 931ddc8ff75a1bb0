"""Runs day by day."""

from datetime import UTC, date, datetime, time

from django.db.models import Count, Q
from django.db.models.functions import TruncDate

from runner.enums import RunStatus
from runner.models import Run


def since(first: date) -> dict[date, tuple[int, int]]:
    """How many runs were answered and how many failed, by the day of UTC on which they were asked."""
    rows = Run.objects.filter(created_at__gte=datetime.combine(first, time.min, tzinfo=UTC)).order_by()
    counted = rows.annotate(day=TruncDate("created_at", tzinfo=UTC)).values("day")
    found = counted.annotate(
        answered=Count("pk", filter=Q(status=RunStatus.COMPLETED)),
        failed=Count("pk", filter=Q(status=RunStatus.FAILED)),
    )
    return {row["day"]: (row["answered"], row["failed"]) for row in found}
