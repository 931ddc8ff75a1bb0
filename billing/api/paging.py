"""Paging by a number that rows are given as they are written: positions within an account, ids across accounts."""

from typing import TypeVar

from django.db.models import Model, QuerySet

from hivemind.kit.api.pagination import Page

T = TypeVar("T", bound=Model)


def last_first(rows: QuerySet[T], *, by: str, limit: int, cursor: str | None = None) -> Page[T]:
    """Up to `limit` rows, the highest number first, below the number in `cursor` if given (decimal digits only)."""
    ordered = rows.order_by(f"-{by}")
    if cursor:
        ordered = ordered.filter(**{f"{by}__lt": int(cursor)})
    found = list(ordered[: limit + 1])
    more = len(found) > limit
    return Page(found[:limit], str(getattr(found[limit - 1], by)) if more else None)
