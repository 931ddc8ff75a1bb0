"""Numbers of rows of several tables in one query, for pages that show many of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import BigIntegerField, CharField, Count, F, QuerySet, Value
from django.db.models.functions import Cast

COLUMNS = ("tally_name", "tally_part", "tally_number", "tally_more")


@dataclass(frozen=True)
class Tally:
    """Some rows, to be counted as a whole or `by` the values of a column.

    `more` is another aggregate over them, a whole number.
    """

    name: str
    rows: QuerySet[Any]
    more: Any = field(default_factory=lambda: Count("pk"))
    by: str = ""


@dataclass(frozen=True)
class Tallied:
    """How many rows there are, and the other number."""

    number: int = 0
    more: int = 0


NOTHING = Tallied()


def tallied(wanted: Iterable[Tally]) -> dict[str, Mapping[str, Tallied]]:
    """For each tally its numbers by the values of its column; one that has no column has them under an empty text."""
    parts = [_part(tally) for tally in wanted]
    if not parts:
        return {}
    found: dict[str, dict[str, Tallied]] = {}
    for name, part, number, more in parts[0].union(*parts[1:], all=True):
        found.setdefault(name, {})[part] = Tallied(int(number), int(more or 0))
    return dict(found)


def _part(tally: Tally) -> QuerySet[Any, Any]:
    name = Value(tally.name, output_field=CharField())
    by = Cast(F(tally.by), CharField()) if tally.by else Value("", output_field=CharField())
    grouped = tally.rows.order_by().annotate(tally_name=name, tally_part=by).values("tally_name", "tally_part")
    more = Cast(tally.more, BigIntegerField())
    part: QuerySet[Any, Any] = grouped.annotate(tally_number=Count("pk"), tally_more=more).values_list(*COLUMNS)
    return part
