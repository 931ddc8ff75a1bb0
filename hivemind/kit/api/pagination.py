"""Cursor paging for lists whose wire shape has no room for it: the next cursor travels in `X-Next-Cursor`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

from hivemind.kit.errors import Invalid

HEADER = "X-Next-Cursor"
_EPOCH = datetime.fromtimestamp(0, UTC)


class BadCursor(Invalid):
    """The cursor was not made by this service."""

    code = "bad_cursor"
    sentence = "cursor is not one that this service gave out"


T = TypeVar("T", bound=Model)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of rows, newest first, and the cursor of the next page if there is one."""

    rows: Sequence[T]
    next_cursor: str | None

    @property
    def headers(self) -> dict[str, str]:
        """Response headers that carry the cursor."""
        return {HEADER: self.next_cursor} if self.next_cursor else {}


def newest_first(rows: QuerySet[T], *, limit: int, cursor: str | None = None) -> Page[T]:
    """Up to `limit` rows by `created_at` and primary key, newest first, after `cursor` if given."""
    ordered = rows.order_by("-created_at", "-pk")
    if cursor:
        moment, key = position(cursor)
        ordered = ordered.filter(Q(created_at__lt=moment) | Q(created_at=moment, pk__lt=key))
    return cut(list(ordered[: limit + 1]), limit=limit)


def cut(found: Sequence[T], *, limit: int) -> Page[T]:
    """The page of rows that were asked for with one more than `limit`, ordered as by `newest_first`."""
    more = len(found) > limit
    return Page(found[:limit], _write(found[limit - 1]) if more else None)


def clamp(value: int | None, *, default: int, highest: int) -> int:
    """A page size within 1 and `highest`."""
    return max(1, min(default if value is None else value, highest))


def _write(row: Model) -> str:
    micros = (row.created_at - _EPOCH) // timedelta(microseconds=1)  # type: ignore[attr-defined]
    return f"{micros}.{row.pk}"


def position(cursor: str) -> tuple[datetime, str]:
    """After which moment and key to read on. Raises BadCursor."""
    micros, _, key = cursor.partition(".")
    if not (micros.isascii() and micros.isdigit() and len(micros) <= 18 and key):
        raise BadCursor
    seconds, rest = divmod(int(micros), 1_000_000)
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest), key
    except (ValueError, OverflowError, OSError) as error:  # a moment after the year 9999
        raise BadCursor from error
