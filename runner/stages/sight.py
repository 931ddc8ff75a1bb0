"""What a stage sees of the room's tables and vault, and who stands between."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from runner.rowpolicies import reader
from runner.rowpolicies.decision import Decision
from runner.scopefn.answers import View
from runner.scopefn.client import ScopeFunction
from runner.scopefn.fullread import FullRead
from runner.scopefn.nothing import NothingShown
from runner.stages.context import RunContext
from tenants.databases import session

NOBODY_DECIDED = "no scope function speaks for the vault in this run"


@dataclass(frozen=True)
class Sight:
    """One stage's way to the data. `schema` is how tables may be qualified, empty for not at all."""

    view: View
    vault_view: View
    connect: Callable[[], "psycopg.Connection[Any]"] = field(repr=False)
    tables: Collection[str]
    schema_rows: Callable[[], Sequence[Mapping[str, Any]]] = field(repr=False)
    schema: str = "public"


def full(ctx: RunContext) -> Sight:
    """Everything that is the room's, unfiltered: for the scope stage alone."""
    return _of_room(ctx, FullRead())


@contextmanager
def decided(ctx: RunContext, decision: Decision) -> Iterator[Sight]:
    """What the scope stage decided, in force for as long as the context lasts.

    Raises ScopeFnInvalid, ScopeSandboxUnavailable, PoliciesInvalid, DatabaseBusy and ReaderNotConfined.
    """
    with ScopeFunction.start(decision.source) as function:
        if decision.policies is None:
            yield _of_room(ctx, function)
            return
        with reader.make_reader(place(ctx), decision.policies) as found:
            yield Sight(
                view=function,
                vault_view=NothingShown(NOBODY_DECIDED) if decision.is_implicit else function,
                connect=found.connect,
                tables=found.tables,
                schema_rows=lambda: found.schema_rows,
                schema="",
            )


def place(ctx: RunContext) -> reader.Place:
    """Where row policies of this run are to hold."""
    return reader.Place(ctx.run.tenant, ctx.room.id, ctx.run.id, tuple(ctx.tables))


def _of_room(ctx: RunContext, view: View) -> Sight:
    return Sight(
        view=view,
        vault_view=view,
        connect=session.room_connection_factory(ctx.run.tenant, ctx.room.id),
        tables=ctx.tables,
        schema_rows=lambda: session.schema_rows(ctx.run.tenant),
    )
