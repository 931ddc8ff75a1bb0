"""get_schema: columns of the room's tables and of no other."""

import json

from runner.tools.schema import SchemaTool

COLUMNS = [
    {
        "table_name": table,
        "column_name": "id",
        "data_type": "integer",
        "is_nullable": "NO",
        "column_default": None,
        "owner": "o_secret",
    }
    for table in ("watch_history", "secrets", "Watch_History")
]


def test_only_allowed_tables_are_listed_and_only_known_keys() -> None:
    tool = SchemaTool(lambda: COLUMNS, allowed_tables=["watch_history"])
    assert json.loads(tool.call({})) == [
        {
            "table_name": "watch_history",
            "column_name": "id",
            "data_type": "integer",
            "is_nullable": "NO",
            "column_default": None,
        }
    ]


def test_a_room_without_tables_asks_nobody() -> None:
    def fail() -> list:
        raise AssertionError("asked")

    assert SchemaTool(fail, allowed_tables=[]).call({}) == "[]"


def test_a_table_made_meanwhile_is_seen() -> None:
    columns: list = []
    tool = SchemaTool(lambda: columns, allowed_tables=["watch_history"])
    assert tool.call({}) == "[]"
    columns.extend(COLUMNS)
    assert len(json.loads(tool.call({}))) == 1
