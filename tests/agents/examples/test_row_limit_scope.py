"""The scope agent turns rules into a function that answers what they allow and nothing else."""

import json
from typing import Any

import pytest

from runner.scopefn import validate
from tests.agents.examples.bridge import EXAMPLES, FakeBridge, run_agent, serving

_AGENT = EXAMPLES / "row-limit-scope"
_COLUMNS = ["user_id", "title", "category", "watched_at", "minutes", "device", "rating", "country"]
_SCHEMA = [{"table_name": "watch_history", "column_name": name, "data_type": "text"} for name in _COLUMNS]
_VAULT = "SELECT item_id, text, metadata, created_at, size_bytes FROM room_vault_items"


def _compiled(source: str) -> Any:
    """The scope function, compiled under the room's own rules for such sources."""
    names: dict[str, Any] = {}
    exec(validate.compile_scope(source), names)
    return names["scope"]


def _verify(body: dict[str, Any]) -> dict[str, Any]:
    scope = _compiled(body["source"])
    results = []
    for test in body["tests"]:
        told = scope(test["sql"], test.get("params", []), test["rows"])
        passed = bool(told["allow"]) == test.get("expect_allow", True)
        passed = passed and all(row in told["rows"] for row in test.get("expect_rows", []))
        results.append({"label": test["label"], "passed": passed})
    return {
        "compiles": True,
        "compile_error": None,
        "all_tests_passed": all(result["passed"] for result in results),
        "results": results,
    }


def _scope(policy: str, schema: list[dict[str, str]] = _SCHEMA) -> Any:
    with serving(FakeBridge({"get_schema": lambda _: schema}, verify=_verify)) as bridge:
        done = run_agent(_AGENT, bridge, POLICY_CONTEXT=policy)
    assert done.returncode == 0, done.stderr
    return _compiled(json.loads(done.stdout)["scope_fn"])


@pytest.fixture(scope="module")
def grouped() -> Any:
    """Prose only: the careful defaults."""
    return _scope("Bob may learn totals over Alice's history, no single rows.")


@pytest.fixture(scope="module")
def rowwise() -> Any:
    """Single rows of harmless columns."""
    return _scope(
        "# Rules\n- **max rows**: 3\n- minimum group size: 1\n- deny columns: `user_id`, title\n- vault: deny\n"
    )


def _allowed(scope: Any, sql: str, rows: list[dict[str, Any]] | None = None) -> bool:
    return bool(scope(sql, [], rows or [])["allow"])


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT category, count(*) AS n FROM watch_history GROUP BY category ORDER BY n DESC LIMIT 5",
        "select w.category, sum(w.minutes) as m, count(*) as n from watch_history w group by w.category",
        "SELECT date_trunc('month', watched_at) AS month, sum(minutes), count(*) AS n FROM watch_history GROUP BY 1",
        "SELECT extract(dow FROM watched_at) AS day, count(*) FROM watch_history GROUP BY 1",
        "SELECT round(avg(minutes), 1) AS a, count(*) FROM watch_history WHERE watched_at >= %s AND country = 'x''y'",
        "SELECT count(DISTINCT title) AS titles, count(*) AS n FROM \"watch_history\" AS w WHERE category LIKE 'a%%';",
        "SELECT category, count(*) AS n FROM watch_history GROUP BY category HAVING sum(minutes) * 2 > 10",
    ],
)
def test_aggregates_with_the_size_of_each_group_are_answered(grouped: Any, sql: str) -> None:
    told = grouped(sql, [], [])
    assert told["allow"], told["error"]


_ESCAPES = [
    "SELECT * FROM watch_history",
    "SELECT w.*, count(*) AS n FROM watch_history w GROUP BY 1",
    "SELECT user_id, count(*) AS n FROM watch_history GROUP BY user_id",
    'SELECT "user_id", count(*) AS n FROM watch_history GROUP BY 1',
    "SELECT USER_ID, count(*) AS n FROM watch_history GROUP BY 1",
    "SELECT count(*) AS n FROM watch_history WHERE user_id = 'u1'",
    "SELECT category AS user_id, user_id AS c, count(*) AS n FROM watch_history GROUP BY 1, 2",
    "SELECT watch_history, count(*) AS n FROM watch_history GROUP BY 1",
    "SELECT w, count(*) AS n FROM watch_history w GROUP BY 1",
    "SELECT (w).user_id, count(*) AS n FROM watch_history w GROUP BY 1",
    "SELECT w::text, count(*) AS n FROM watch_history w GROUP BY 1",
    "SELECT user_id(w), count(*) AS n FROM watch_history w GROUP BY 1",
    "SELECT to_jsonb(w), count(*) AS n FROM watch_history w GROUP BY 1",
    "SELECT category, count(*) AS n FROM watch_history AS w(category, title) GROUP BY 1",
    "SELECT category, count(*) AS n FROM watch_history w(category) GROUP BY 1",
    "SELECT category, 100 AS n FROM watch_history",
    "SELECT category, count(*) + 100 AS n FROM watch_history GROUP BY 1",
    "SELECT category, count(*) OVER () AS n FROM watch_history",
    "SELECT a.category, count(*) AS n FROM watch_history a, watch_history b GROUP BY 1",
    "SELECT a.category, count(*) AS n FROM watch_history a CROSS JOIN watch_history b GROUP BY 1",
    "SELECT string_agg(title, ',') AS t, count(*) AS n FROM watch_history",
    "SELECT min(title) AS t, count(*) AS n FROM watch_history",
    "SELECT sum(CASE WHEN title = 'x' THEN minutes END) AS m, count(*) AS n FROM watch_history",
    "SELECT sum(minutes) FILTER (WHERE title = 'x') AS m, count(*) AS n FROM watch_history",
    "SELECT sum(coalesce(minutes, 0)) AS m, count(*) AS n FROM watch_history",
    "SELECT sum(minutes::int) AS m, count(*) AS n FROM watch_history",
    "SELECT category, count(*) AS n FROM watch_history NATURAL JOIN watch_history w GROUP BY 1",
    "SELECT sum(nullif(title = 'x', false)::int) AS m, count(*) AS n FROM watch_history",
    "SELECT (SELECT title FROM watch_history LIMIT 1) AS t, count(*) AS n FROM watch_history",
    "SELECT count(*) AS n FROM (SELECT user_id AS category FROM watch_history) x",
    "WITH x AS (SELECT 1) SELECT count(*) AS n FROM watch_history",
    "SELECT count(*) AS n FROM watch_history UNION SELECT count(*) FROM watch_history",
    "SELECT count(*) AS n FROM watch_history; DROP TABLE watch_history",
    "SELECT count(*) AS n FROM watch_history -- user_id",
    "SELECT count(*) AS n /* x */ FROM watch_history",
    "SELECT count(*) AS n FROM pg_authid",
    "SELECT count(*) AS n FROM public.watch_history",
    "SELECT count(*) AS n FROM watch_history TABLESAMPLE system (1)",
    "SELECT count(*) AS n FROM LATERAL watch_history",
    "SELECT E'\\'', count(*) AS n FROM watch_history WHERE category = 'x' GROUP BY 1",
    'SELECT U&"user\\005fid", count(*) AS n FROM watch_history GROUP BY 1',
    "SELECT $$x$$ AS t, count(*) AS n FROM watch_history",
    "SELECT array[title] AS t, count(*) AS n FROM watch_history GROUP BY 1",
    "SELECT row(w) AS t, count(*) AS n FROM watch_history w GROUP BY 1",
    "SELECT ctid, count(*) AS n FROM watch_history GROUP BY 1",
    "SELECT count(*) AS n INTO copy FROM watch_history",
    "SELECT count(*) AS n",
    "TABLE watch_history",
    "VALUES (1)",
    "",
    "SELECT 'unclosed FROM watch_history",
    "SELECT " + "minutes, " * 600 + "count(*) AS n FROM watch_history",
]


@pytest.mark.parametrize("sql", _ESCAPES)
def test_no_way_around_the_guard_is_answered(grouped: Any, sql: str) -> None:
    told = grouped(sql, [], [{"n": 100}])
    assert not told["allow"]
    assert told["rows"] == []
    assert told["error"]


def test_small_groups_are_dropped_and_large_ones_stay(grouped: Any) -> None:
    rows = [{"category": name, "n": size} for name, size in (("a", 5), ("b", 4), ("c", 900), ("d", True), ("e", "9"))]
    told = grouped("SELECT category, count(*) AS n FROM watch_history GROUP BY category", [], rows)
    assert [row["category"] for row in told["rows"]] == ["a", "c"]


def test_rows_of_another_width_than_was_selected_are_dropped(grouped: Any) -> None:
    told = grouped("SELECT category, count(*) AS n FROM watch_history GROUP BY category", [], [{"n": 900}])
    assert told["rows"] == []


def test_at_most_the_stated_number_of_rows_is_given(rowwise: Any, grouped: Any) -> None:
    sql = "SELECT category, minutes FROM watch_history"
    assert len(rowwise(sql, [], [{"category": "x", "minutes": 1}] * 50)["rows"]) == 3
    many = [{"n": 50}] * 500
    assert len(grouped("SELECT count(*) AS n FROM watch_history GROUP BY category", [], many)["rows"]) == 100


@pytest.mark.parametrize(
    ("sql", "allowed"),
    [
        ("SELECT category, max(minutes) AS m FROM watch_history GROUP BY category", True),
        ("SELECT CASE WHEN rating > 3 THEN 'good' ELSE 'bad' END AS r FROM watch_history", True),
        ("SELECT a.category FROM watch_history a JOIN watch_history b ON a.country = b.country", True),
        ("SELECT minutes * 2 AS double FROM watch_history", True),
        ("SELECT * FROM watch_history", False),
        ("SELECT minutes, * FROM watch_history", False),
        ("SELECT title FROM watch_history", False),
        ("SELECT category FROM watch_history ORDER BY title", False),
        ("SELECT category FROM watch_history a JOIN watch_history b USING (user_id)", False),
        ("SELECT category FROM watch_history NATURAL JOIN watch_history", False),
        ("SELECT a FROM watch_history a", False),
    ],
)
def test_without_groups_the_columns_still_count(rowwise: Any, sql: str, allowed: bool) -> None:
    assert _allowed(rowwise, sql) is allowed


def test_an_allow_list_of_columns_hides_the_rest() -> None:
    scope = _scope("columns: category, minutes\nminimum group size: 0")
    assert _allowed(scope, "SELECT category, minutes FROM watch_history")
    assert not _allowed(scope, "SELECT category, country FROM watch_history")


def test_people_are_counted_when_the_rules_say_so() -> None:
    scope = _scope("minimum group size: 10 distinct user_id\ndeny columns: user_id")
    sql = "SELECT category, count(DISTINCT user_id) AS n FROM watch_history GROUP BY category"
    told = scope(sql, [], [{"category": "a", "n": 10}, {"category": "b", "n": 9}])
    assert told["rows"] == [{"category": "a", "n": 10}]
    assert not _allowed(scope, "SELECT category, count(*) AS n FROM watch_history GROUP BY category")
    assert "count ( distinct user_id )" in scope("SELECT category, count(*) AS n FROM watch_history", [], [])["error"]
    assert not _allowed(scope, "SELECT user_id, count(DISTINCT user_id) AS n FROM watch_history GROUP BY 1")


def test_star_is_possible_only_when_nothing_is_hidden() -> None:
    schema = [row for row in _SCHEMA if row["column_name"] != "user_id"]
    scope = _scope("minimum group size: 1", schema)
    assert _allowed(scope, "SELECT * FROM watch_history")


def test_the_vault_is_open_unless_the_rules_close_it(grouped: Any, rowwise: Any) -> None:
    item = {"item_id": "rvi_1", "text": "note"}
    assert grouped(_VAULT, [], [item]) == {"allow": True, "rows": [item], "error": "the room's rules close its vault"}
    assert grouped(f"{_VAULT} WHERE item_id = %s", ["rvi_1"], [item])["rows"] == [item]
    assert not _allowed(rowwise, _VAULT, [item])


def test_a_room_without_tables_has_a_vault_only() -> None:
    scope = _scope("", [])
    assert _allowed(scope, _VAULT)
    assert not _allowed(scope, "SELECT count(*) AS n FROM watch_history")


@pytest.mark.parametrize(
    "policy",
    [
        "max rows: many",
        "minimum group size: five",
        "minimum group size: 5 distinct nobody",
        "columns: category, salary",
        "deny columns: salary",
        "vault: maybe",
    ],
)
def test_rules_that_cannot_be_followed_end_the_run(policy: str) -> None:
    with serving(FakeBridge({"get_schema": lambda _: _SCHEMA}, verify=_verify)) as bridge:
        done = run_agent(_AGENT, bridge, POLICY_CONTEXT=policy)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr


def test_a_function_that_the_bridge_finds_wanting_is_not_printed() -> None:
    verdict = {"compiles": True, "compile_error": None, "all_tests_passed": False, "results": []}
    with serving(FakeBridge({"get_schema": lambda _: _SCHEMA}, verify=lambda _: verdict)) as bridge:
        done = run_agent(_AGENT, bridge)
    assert (done.returncode, done.stdout) == (1, "")


def test_the_strictest_of_two_limits_holds() -> None:
    scope = _scope("max rows: 7\nmax rows: 2\nminimum group size: 1")
    assert len(scope("SELECT category FROM watch_history", [], [{"category": "x"}] * 9)["rows"]) == 2
