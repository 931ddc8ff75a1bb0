"""The room's data and tools, as an agent reaches them through the bridge."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from ._connection import Connection
from .errors import BridgeUnreachable, Denied, ToolFailed

Row = dict[str, Any]


class Rows(list[Row]):
    """A query's rows. ``truncated`` says that the bridge cut them; ``total`` is how many there were."""

    truncated = False
    total: int | None = None


class DataCalls:
    """The part of the bridge that reaches the stage's tools."""

    _connection: Connection

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
