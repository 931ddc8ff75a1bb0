"""Tools over the real database and real scope functions."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runner.scopefn.answers import View
from runner.scopefn.client import ScopeFunction
from runner.scopefn.fullread import FullRead
from runner.sqlguard.session import ReadLimits
from runner.tools.sql import SqlTool
from runner.tools.tally import GuardTally
from tests.runner.sqlguard.places import ROOM_TABLES, Place

HEAD = "def scope(sql, params, rows):\n"
PASS_ALL = HEAD + "    return {'allow': True, 'rows': rows}\n"


@pytest.fixture
def scoped() -> Iterator[Callable[[str], ScopeFunction]]:
    """Start a scope function from its body; it ends with the test."""
    started: list[ScopeFunction] = []

    def starter(body: str) -> ScopeFunction:
        started.append(ScopeFunction.start(HEAD + "".join(f"    {line}\n" for line in body.splitlines())))
        return started[-1]

    yield starter
    for function in started:
        function.close()


@pytest.fixture
def tally() -> GuardTally:
    return GuardTally()


@pytest.fixture
def sql_tool(place: Place, tally: GuardTally) -> Iterator[Callable[..., SqlTool]]:
    """A tool over the room's tables; reads everything unless a view is given."""
    made: list[SqlTool] = []

    def maker(view: View | None = None, *, tables: list[str] = ROOM_TABLES, **limits: int) -> SqlTool:
        tool = SqlTool(
            place.connect,
            allowed_tables=tables,
            view=view or FullRead(),
            limits=ReadLimits(**limits),
            verdicts=tally,
        )
        made.append(tool)
        return tool

    yield maker
    for tool in made:
        tool.close()


def ask(tool: Any, sql: str, *params: object) -> Any:
    """Call execute_sql and read its text as JSON."""
    return json.loads(tool.call({"sql": sql, "params": list(params)}))
