"""Trying row policies out: what is told of those that hold, of those that can't, and of tables that take too long."""

from typing import Any

import pytest

from runner.rowpolicies import policies, reader, verify
from tests.runner.rowpolicies import places

SCHEMA = """
    CREATE TABLE t (id int, a json[], b json[]);
    INSERT INTO t SELECT n, ARRAY['1'::json], ARRAY['1'::json] FROM generate_series(1, 10) n;
    CREATE VIEW slow AS SELECT x AS id FROM generate_series(1, 1000000) x, generate_series(1, 1000000) y;
    CREATE VIEW gaps AS SELECT id FROM t WHERE CASE WHEN id < 5 THEN true ELSE 1 / (id - 10) > -9 END;
    CREATE VIEW broken AS SELECT id FROM t WHERE 1 / (id - 10) > -9
"""
TABLES = ("t", "slow", "broken", "gaps")


@pytest.fixture(scope="module")
def home(prepared: None, django_db_blocker):
    with places.home(SCHEMA, TABLES) as made:
        yield made


def tried(home: places.Home, stated: object) -> dict[str, Any]:
    place = reader.Place(home.tenant, home.room_id, home.run_id, TABLES)
    return verify.answer(
        {"row_policies": stated},
        make=lambda parsed: reader.make_reader(place, parsed),
        connect=places.connect_factory(home),
    )


def test_policies_that_hold_are_told_with_what_is_visible(home: places.Home) -> None:
    stated = {"t": {"columns": ["id"], "where": "id > 7"}}
    assert tried(home, stated) == {
        "valid": True,
        "error": None,
        "sha256": policies.parse(stated).sha256,
        "tables": {"t": {"columns": ["id"], "rows_visible": 3, "rows_total": 10}},
    }


def test_a_condition_that_fails_on_rows_is_not_valid(home: places.Home) -> None:
    answer = tried(home, {"t": {"columns": ["id"], "where": "a = b"}})
    assert (answer["valid"], answer["tables"]) == (False, {})
    assert answer["error"].startswith("table t: it can't be read under its policy: could not identify an equality")


def test_a_table_that_cannot_be_read_at_all_is_not_valid(home: places.Home) -> None:
    assert "can't be read under its policy: division by zero" in tried(home, {"broken": {"columns": "*"}})["error"]


def test_what_only_fails_beyond_the_policy_has_no_total(home: places.Home) -> None:
    answer = tried(home, {"gaps": {"columns": "*", "where": "id < 5"}})
    assert answer["tables"] == {"gaps": {"columns": ["id"], "rows_visible": 4, "rows_total": None}}


def test_a_table_that_takes_too_long_to_count_has_no_count(home: places.Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "COUNT_SECONDS", 1)
    answer = tried(home, {"slow": {"columns": "*"}, "t": {"columns": []}})
    assert answer["valid"] is True
    assert answer["tables"]["slow"] == {"columns": ["id"], "rows_visible": None, "rows_total": None}
    assert answer["tables"]["t"] == {"columns": [], "rows_visible": 10, "rows_total": 10}
