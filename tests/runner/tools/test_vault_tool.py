"""get_room_vault_items: the snapshot, in full and through a scope function."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from runner.scopefn.fullread import FullRead
from runner.tools.vault import VaultTool


@dataclass
class Item:
    item_id: str
    text: str
    created_at: float
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        return len(self.text.encode())


ITEMS = [
    Item("rvi_0000000000000001", "Grüße", 1.5, {"source": "diary", "n": [1]}),
    Item("rvi_0000000000000002", "second", 2.5),
]


def test_all_items_in_order() -> None:
    tool = VaultTool(ITEMS, view=FullRead())
    assert json.loads(tool.call({})) == [
        {
            "item_id": "rvi_0000000000000001",
            "text": "Grüße",
            "metadata": {"source": "diary", "n": [1]},
            "created_at": 1.5,
            "size_bytes": 7,
        },
        {"item_id": "rvi_0000000000000002", "text": "second", "metadata": {}, "created_at": 2.5, "size_bytes": 6},
    ]


def test_one_item_or_none() -> None:
    tool = VaultTool(ITEMS, view=FullRead())
    assert [row["text"] for row in json.loads(tool.call({"item_id": ITEMS[1].item_id}))] == ["second"]
    assert json.loads(tool.call({"item_id": "rvi_x' OR 1=1"})) == []


@pytest.mark.parametrize(
    ("arguments", "sql", "params"),
    [
        ({}, "SELECT item_id, text, metadata, created_at, size_bytes FROM room_vault_items", []),
        (
            {"item_id": "rvi_0000000000000001"},
            "SELECT item_id, text, metadata, created_at, size_bytes FROM room_vault_items WHERE item_id = %s",
            ["rvi_0000000000000001"],
        ),
    ],
)
def test_a_scope_function_sees_a_read_of_a_table(scoped, arguments: dict, sql: str, params: list) -> None:
    view = scoped("return {'allow': True, 'rows': [{'sql': sql, 'params': params, 'keys': list(rows[0])}]}")
    assert json.loads(VaultTool(ITEMS, view=view).call(arguments)) == [
        {"sql": sql, "params": params, "keys": ["item_id", "text", "metadata", "created_at", "size_bytes"]}
    ]


def test_a_denial_is_an_answer_and_counted(scoped, tally) -> None:
    view = scoped("return {'allow': len(rows) == 1, 'rows': rows, 'error': 'one at a time'}")
    tool = VaultTool(ITEMS, view=view, verdicts=tally)
    assert json.loads(tool.call({})) == {"error": "one at a time"}
    assert len(json.loads(tool.call({"item_id": ITEMS[0].item_id}))) == 1
    assert tally.as_dict() == {"allowed": 1, "denied": 1}


def test_a_function_can_not_change_the_snapshot(scoped) -> None:
    view = scoped("for r in rows:\n    r['metadata'].clear()\nreturn {'allow': True, 'rows': rows}")
    tool = VaultTool(ITEMS, view=view)
    tool.call({})
    assert ITEMS[0].metadata == {"source": "diary", "n": [1]}


def test_an_item_longer_than_an_answer_ends() -> None:
    answer = json.loads(VaultTool([Item("rvi_1", "x" * 3_000_000, 1.0)], view=FullRead()).call({}))
    assert answer["rows"] == [] and answer["truncated"] is True and answer["original_row_count"] == 1


def test_a_vault_too_large_for_the_function_is_denied_and_small_items_are_not(scoped) -> None:
    items = [Item("rvi_small", "x", 0.0), *(Item(f"rvi_{n}", "x" * 8_000_000, float(n)) for n in range(10))]
    tool = VaultTool(items, view=scoped("return {'allow': True, 'rows': rows}"))
    assert "too large" in json.loads(tool.call({}))["error"]
    assert json.loads(tool.call({"item_id": "rvi_small"}))[0]["text"] == "x"
