"""Slots of time, and those that two people share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LEAST = timedelta(minutes=90)


@dataclass(frozen=True, order=True)
class Slot:
    """From ``start`` to ``end``, both as the clock on the wall shows them."""

    start: datetime
    end: datetime

    def shared_with(self, other: Slot) -> Slot | None:
        """The time that is in both, None when it is too short for a dinner."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Slot(start, end) if end - start >= LEAST else None

    def __str__(self) -> str:
        return f"{self.start:%A %d %B, %H:%M} to {self.end:%H:%M}"


def moment(value: Any) -> datetime:
    """A moment as the bridge or a file writes it. Raises ValueError."""
    return datetime.fromisoformat(str(value).strip().replace(" ", "T").replace("Z", "+00:00")).replace(tzinfo=None)


def read_slots(rows: Iterable[dict[str, Any]], start: str, end: str) -> list[Slot]:
    """The slots of rows; those that cannot be read are left out."""
    found = []
    for row in rows:
        try:
            found.append(Slot(moment(row[start]), moment(row[end])))
        except (KeyError, ValueError):
            continue
    return sorted(found)


def common(ours: Iterable[Slot], theirs: Iterable[Slot]) -> list[Slot]:
    """All shared slots, earliest first."""
    others = list(theirs)
    shared = [mine.shared_with(other) for mine in ours for other in others]
    return sorted({slot for slot in shared if slot is not None})
