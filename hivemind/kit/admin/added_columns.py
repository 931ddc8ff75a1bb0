"""Columns of a list that come from apps which the list's own app must not know.

A provider is given the keys of the rows of one page and answers for all of them at once, so that a column costs one
query however many rows there are. It is asked only for people who may see what it tells.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from hivemind.kit.admin import columns


@dataclass(frozen=True)
class AddedColumn:
    """`values` maps keys of rows to what the column says; `permission` is that of the list behind it."""

    name: str
    title: str
    permission: str
    values: Callable[[Sequence[Any]], Mapping[Any, object]]


_added: dict[str, list[AddedColumn]] = {}


def add(model: str, column: AddedColumn) -> None:
    """Show `column` at the end of the list of `model` (`app.model`)."""
    _added.setdefault(model, []).append(column)


def of(model: str, request: HttpRequest) -> list[AddedColumn]:
    """What this person sees added to the list of `model`."""
    return [column for column in _added.get(model, []) if request.user.has_perm(column.permission)]


def cell(column: AddedColumn) -> Callable[[Any], object]:
    """The column as the list asks for it: a function of a row that `fill` was given."""

    def told(row: Any) -> object:
        return row.__dict__.get("_added", {}).get(column.name, columns.NOTHING)

    told.__name__ = column.name
    return columns.column(column.title)(told)


def fill(rows: Sequence[Any], added: Sequence[AddedColumn]) -> None:
    """Ask every provider about the rows of one page, and leave the answers on the rows."""
    keys = [row.pk for row in rows]
    answers = {column.name: column.values(keys) for column in added} if keys else {}
    for row in rows:
        row.__dict__["_added"] = {name: told[row.pk] for name, told in answers.items() if row.pk in told}
