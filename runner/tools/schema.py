"""get_schema: the columns of the room's tables, which no scope function filters."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar

_KEYS = ("table_name", "column_name", "data_type", "is_nullable", "column_default")


class SchemaTool:
    """Lists columns.

    ``load`` returns one row per column of the schema, of all tables; it is asked on every call.
    """

    name = "get_schema"
    description = "List the columns of the room's tables with their types."
    parameters: ClassVar[Mapping[str, Any]] = {"type": "object", "properties": {}, "required": []}

    def __init__(self, load: Callable[[], Sequence[Mapping[str, Any]]], *, allowed_tables: Collection[str]) -> None:
        self._load = load
        self._allowed = frozenset(allowed_tables)

    def call(self, arguments: Mapping[str, Any]) -> str:
        """Return a JSON array of rows of the allowed tables only."""
        if not self._allowed:
            return "[]"
        rows = [{key: row.get(key) for key in _KEYS} for row in self._load() if row["table_name"] in self._allowed]
        return json.dumps(rows, ensure_ascii=False, default=str)
