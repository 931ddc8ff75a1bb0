"""The entries of an account within a month, and of a kind, read in pieces."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db.models import QuerySet

from billing.enums import EntryKind
from billing.models import Entry
from billing.selectors import statement

PIECE = 2_000


@dataclass(frozen=True)
class Period:
    """Which entries of an account are meant: those of a month of UTC, or of all; of a kind, or of all."""

    tenant_id: str
    month: date | None = None
    kind: EntryKind | None = None

    def entries(self) -> QuerySet[Entry]:
        """The entries, newest first."""
        rows = statement.entries_of(self.tenant_id)
        if self.month is not None:
            first = datetime(self.month.year, self.month.month, 1, tzinfo=UTC)
            rows = rows.filter(created_at__gte=first, created_at__lt=month_after(first))
        return rows.filter(kind=self.kind) if self.kind is not None else rows

    def all_in_order(self) -> Iterator[Entry]:
        """Every entry, oldest first, up to the one that is the newest now; read in pieces, each one query."""
        newest = self.entries().values_list("position", flat=True).first() or 0
        last = 0
        while last < newest:
            rows = self.entries().filter(position__gt=last, position__lte=newest).order_by("position")
            piece = list(rows[:PIECE])
            if not piece:
                return
            yield from piece
            last = piece[-1].position


def month_after(first: datetime) -> datetime:
    """The first moment of the month after the one that begins with `first`."""
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)


def months(opened_at: datetime, until: datetime) -> list[date]:
    """The months of UTC in which an account has existed, the newest first."""
    begun, found = datetime(opened_at.year, opened_at.month, 1, tzinfo=UTC), []
    while begun <= until:
        found.append(begun.date())
        begun = month_after(begun)
    return found[::-1]
