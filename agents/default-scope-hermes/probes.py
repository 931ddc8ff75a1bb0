"""Made-up results over the room's tables, to see whether a function holds anything back at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

VAULT_SQL = "SELECT item_id, text, metadata, created_at, size_bytes FROM room_vault_items"
MOST_TABLES = 12
_SAMPLES = {
    "int": (1, 2, 3),
    "numeric": (1.5, 2.5, 3.5),
    "double": (1.5, 2.5, 3.5),
    "real": (1.5, 2.5, 3.5),
    "bool": (True, False, True),
    "timestamp": ("2024-01-01 10:00:00", "2024-01-02 11:00:00", "2024-01-03 12:00:00"),
    "date": ("2024-01-01", "2024-01-02", "2024-01-03"),
    "json": ({}, {}, {}),
}
_TEXTS = ("probe one", "probe two", "probe three")


def probes(schema: Iterable[Mapping[str, Any]], *, vault: bool) -> list[dict[str, Any]]:
    """One test for each table, as a read of every column of it, and one for the room's documents."""
    tables: dict[str, dict[str, str]] = {}
    for column in schema:
        types = tables.setdefault(str(column.get("table_name")), {})
        types[str(column.get("column_name"))] = str(column.get("data_type") or "")
    tests = [_probe(name, columns) for name, columns in list(tables.items())[:MOST_TABLES]]
    if vault:
        row = {"item_id": "rvi_0", "text": "probe one", "metadata": {}, "created_at": 1.0, "size_bytes": 9}
        tests.append({"label": "probe", "sql": VAULT_SQL, "rows": [row]})
    return tests


def _probe(table: str, columns: Mapping[str, str]) -> dict[str, Any]:
    rows = [{name: _sample(kind, place) for name, kind in columns.items()} for place in range(3)]
    return {"label": "probe", "sql": f"SELECT {', '.join(columns)} FROM {table}", "rows": rows}  # noqa: S608


def _sample(kind: str, place: int) -> Any:
    for word, samples in _SAMPLES.items():
        if word in kind.lower():
            return samples[place]
    return _TEXTS[place]
