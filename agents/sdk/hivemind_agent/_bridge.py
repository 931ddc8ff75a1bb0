"""The bridge as an agent sees it: tools, data, a model, and a checker for scope functions.

A stage's container has no network but its own loopback, where the bridge listens. All an agent can learn or
do goes through the calls below, within the room's rules and the stage's budget.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ._connection import Connection
from .errors import BridgeUnreachable, Denied, ToolFailed
from .inputs import read_input

Row = dict[str, Any]


class Rows(list[Row]):
    """A query's rows. ``truncated`` says that the bridge cut them; ``total`` is how many there were."""

    truncated = False
    total: int | None = None


class Bridge:
    """A client for one bridge. ``Bridge.from_environment()`` is what an agent wants."""

    def __init__(self, base_url: str, token: str, *, timeout_seconds: float = 600.0) -> None:
        self._connection = Connection(base_url, token, timeout_seconds=timeout_seconds)

    @classmethod
    def from_environment(cls, *, timeout_seconds: float = 600.0) -> Bridge:
        """From BRIDGE_URL and SESSION_TOKEN. Raises InputMissing when one is absent."""
        return cls(read_input("BRIDGE_URL"), read_input("SESSION_TOKEN"), timeout_seconds=timeout_seconds)

    def close(self) -> None:
        """Close the kept-alive connection."""
        self._connection.close()

    def health(self) -> dict[str, Any]:
        """``{"status": "ok", "budget": {...}}``: what of the stage's calls and tokens is left."""
        return dict(self._connection.request("GET", "/health"))

    def tools(self) -> list[str]:
        """The names of the tools that this stage may call."""
        return [tool["function"]["name"] for tool in self.tool_definitions()]

    def tool_definitions(self) -> list[dict[str, Any]]:
        """The tools in the shape that a model's ``tools`` parameter takes."""
        return list(self._connection.request("GET", "/tools"))

    def call_tool(self, name: str, arguments: Mapping[str, Any] | None = None) -> str:
        """The tool's result as text. Raises ToolFailed when it could not be run."""
        body = {"arguments": dict(arguments or {})}
        answer = self._connection.request("POST", f"/tools/{quote(name, safe='')}", body)
        if not isinstance(answer, dict):
            raise BridgeUnreachable("The bridge's answer was not a tool result.")
        if answer.get("error") is not None:
            raise ToolFailed(name, str(answer["error"]))
        return str(answer.get("result", ""))

    def execute_sql(self, sql: str, params: Iterable[Any] = ()) -> Rows:
        """Rows of one SELECT. Placeholders are ``%s``; write a literal percent sign as ``%%``.

        Raises Denied when the room's rules or the database refuse it.
        """
        return self._rows("execute_sql", {"sql": sql, "params": list(params)})

    def get_schema(self) -> Rows:
        """One row per column: table_name, column_name, data_type, is_nullable, column_default."""
        return self._rows("get_schema", {})

    def vault_items(self, item_id: str | None = None) -> Rows:
        """The room's vault: item_id, text, metadata, created_at, size_bytes. Empty when it has none."""
        if "get_room_vault_items" not in self.tools():
            return Rows()
        return self._rows("get_room_vault_items", {} if item_id is None else {"item_id": item_id})

    def chat(self, messages: Sequence[Mapping[str, Any]], *, max_tokens: int = 4096, **options: Any) -> str:
        """One model answer as text. ``options``: temperature, top_p. Raises BudgetExhausted, BridgeRefused."""
        body = {"messages": [dict(message) for message in messages], "max_tokens": max_tokens, **options}
        return str(self._connection.request("POST", "/llm/chat", body).get("content") or "")

    def verify_scope_fn(self, source: str, tests: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
        """Check a scope function where it will run: ``compiles``, ``compile_error``, ``all_tests_passed``,
        ``results``. Each test is ``{sql, params, rows, expect_allow, expect_rows, expect_min_rows, label}``.
        """
        body = {"source": source, "tests": [dict(test) for test in tests]}
        return dict(self._connection.request("POST", "/sandbox/verify_scope_fn", body))

    def _rows(self, tool: str, arguments: Mapping[str, Any]) -> Rows:
        try:
            decoded = json.loads(self.call_tool(tool, arguments))
        except ValueError as broken:
            raise BridgeUnreachable(f"The result of {tool} was not JSON.") from broken
        rows = Rows()
        if isinstance(decoded, dict) and "rows" not in decoded:
            raise Denied(tool, str(decoded.get("error", "refused")))
        if isinstance(decoded, dict):
            rows.truncated = bool(decoded.get("truncated"))
            rows.total = decoded.get("original_row_count")
            decoded = decoded["rows"]
        rows.extend(decoded)
        return rows
