"""State machines in the database: a table of allowed steps, and the only function that takes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet


class StaleState(Exception):
    """Another writer was first: the row is no longer in the state, or under the fence, that was expected."""


@dataclass(frozen=True)
class Transitions:
    """Allowed steps: from each state to the states that may follow. States without exits are terminal."""

    table: Mapping[str, frozenset[str]]

    def check(self, before: str, after: str) -> None:
        """Raise ValueError when the table has no such step: that is a fault of the program, not of a user."""
        if after not in self.table[before]:
            raise ValueError(f"no step from {before} to {after}")

    @property
    def terminal(self) -> frozenset[str]:
        """States that nothing follows."""
        return frozenset(state for state, following in self.table.items() if not following)


def advance(rows: QuerySet[Any], *, machine: Transitions, before: str, after: str, **values: Any) -> None:
    """Move exactly one row from `before` to `after` and set `values`, in one conditional update.

    `rows` selects the row by key and, where the row has one, by its fencing number. Raises StaleState when no row
    matched: somebody else moved it, and the caller must stop writing.
    """
    machine.check(before, after)
    model: type[Model] = rows.model
    if rows.filter(status=before).update(status=after, **values) != 1:
        raise StaleState(f"{model._meta.label_lower}: not {before} any more")
