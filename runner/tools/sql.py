"""execute_sql: one read of the room's tables, shown through the stage's view."""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

import psycopg

from runner.scopefn import jsonrows
from runner.scopefn.answers import Denied, Reading, View
from runner.scopefn.fullread import FullRead
from runner.sqlguard import binding, parse
from runner.sqlguard.failures import ReadFailed
from runner.sqlguard.session import ReadLimits, RoomSession
from runner.sqlguard.verdicts import Refusal, Refused
from runner.tools import tally


def error_text(sentence: str) -> str:
    """The text of a failure that is the tool's own answer."""
    return json.dumps({"error": sentence}, ensure_ascii=False)


class SqlTool:
    """Runs SQL as the room's role and shows what the view allows. Calls take turns on one kept connection.

    ``connect`` logs in as the room's role. ``view`` is a ScopeFunction, or FullRead for a stage that
    may read its tables in full; there is no default, because forgetting it must not mean reading
    everything. Tables may be named with ``schema``, or, where that is empty, with none.
    """

    name = "execute_sql"
    description = (
        "Run one read-only SQL query (PostgreSQL) on the room's tables. Use %s placeholders with params."
        " Returns a JSON array of row objects."
    )
    parameters: ClassVar[Mapping[str, Any]] = {
        "type": "object",
        "properties": {
            "sql": {"type": "string", "description": "One SELECT statement."},
            "params": {
                "type": "array",
                "items": {},
                "default": [],
                "description": "Values for the %s placeholders, in order.",
            },
        },
        "required": ["sql"],
    }

    def __init__(
        self,
        connect: Callable[[], "psycopg.Connection[Any]"],
        *,
        allowed_tables: Collection[str],
        view: View,
        limits: ReadLimits | None = None,
        verdicts: tally.GuardTally | None = None,
        schema: str = "public",
    ) -> None:
        self._schema = schema
        self._session = RoomSession(connect, limits=limits)
        self._allowed_tables = frozenset(allowed_tables)
        self._view = view
        self._verdicts = verdicts or tally.GuardTally()

    def call(self, arguments: Mapping[str, Any]) -> str:
        """Return the rows as JSON text, or ``{"error": ...}``."""
        text, params = arguments["sql"], list(arguments.get("params") or [])
        try:
            statement = binding.bind(text, params)
        except Refusal as refusal:
            return self._refused(refusal.refused)
        verdict = parse.check(statement.text, allowed_tables=self._allowed_tables, schema=self._schema)
        if isinstance(verdict, Refused):
            return self._refused(verdict)
        if not self._allowed_tables:
            return self._no(tally.REFUSED, "query rejected (this room has no tables)")
        try:
            result = self._session.read(statement)
        except ReadFailed as failure:
            full = isinstance(self._view, FullRead)
            return self._no(tally.FAILED, failure.detail if full else failure.reason)
        columns = jsonrows.distinct_names(result.columns)
        return self._show(Reading(text, statement.params, columns, result.rows, cut=result.cut))

    def interrupt(self) -> None:
        """Make running calls end early and refuse later ones; for the end of a stage."""
        self._session.interrupt()

    def close(self) -> None:
        """End the connection. The view belongs to the caller."""
        self._session.close()

    def _show(self, reading: Reading) -> str:
        answer = self._view.show(reading)
        if isinstance(answer, Denied):
            return self._no(tally.DENIED, answer.reason)
        self._verdicts.note(tally.ALLOWED)
        return answer.json_text

    def _refused(self, refused: Refused) -> str:
        return self._no(tally.REFUSED, refused.sentence)

    def _no(self, verdict: str, sentence: str) -> str:
        self._verdicts.note(verdict)
        return error_text(sentence)
