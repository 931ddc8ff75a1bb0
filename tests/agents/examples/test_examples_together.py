"""The three example agents in a row, over a real Postgres: rules in, a redacted answer out."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.db import connection as control
from psycopg.rows import dict_row

from runner.scopefn import validate
from tests.agents.examples.bridge import EXAMPLES, FakeBridge, run_agent, serving

_TABLE = """
CREATE TEMP TABLE watch_history (
    user_id text, viewer_email text, title text, category text, watched_at timestamptz, minutes integer,
    device text, rating numeric(3, 1), country text
)"""
_ROWS = """
INSERT INTO watch_history
SELECT 'u' || n % 20, 'viewer' || n % 20 || '@example.com', 'Episode ' || n % 7,
       (ARRAY['drama', 'news', 'sport'])[1 + n % 3], timestamptz '2026-01-05 10:00+00' + n * interval '1 day',
       10 + n % 50, (ARRAY['phone', 'tv'])[1 + n % 2], 1 + n % 5, CASE WHEN n = 1 THEN 'Iceland' ELSE 'Chile' END
FROM generate_series(0, 119) AS n"""
_NOTE = {
    "item_id": "rvi_1",
    "text": "# Trip\nThe summer budget is 400 euros. Ask carol@example.org about it. The cat is called Mia.",
    "metadata": {"source": "diary"},
    "created_at": 0.0,
    "size_bytes": 90,
}


class _Room:
    """A database, a vault and a scope function behind a bridge."""

    def __init__(self, database: "psycopg.Connection[dict[str, Any]]", policy: str) -> None:
        self.database = database
        self.policy = policy
        self.scope: Any = None
        self.source = ""
        self.statements: list[str] = []

    def schema(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        found = self.database.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " WHERE table_name = 'watch_history' ORDER BY ordinal_position"
        )
        return list(found)

    def sql(self, arguments: dict[str, Any]) -> Any:
        self.statements.append(arguments["sql"])
        try:
            rows = self.database.execute(arguments["sql"], arguments["params"] or None).fetchall()
        except psycopg.Error as error:
            return {"error": str(error)}
        told = self.scope(arguments["sql"], arguments["params"], rows)
        return json.loads(json.dumps(told["rows"], default=_plain)) if told["allow"] else {"error": told["error"]}

    def vault(self, _: dict[str, Any]) -> Any:
        sql = "SELECT item_id, text, metadata, created_at, size_bytes FROM room_vault_items"
        told = self.scope(sql, [], [_NOTE])
        return told["rows"] if told["allow"] else {"error": told["error"]}

    def verify(self, body: dict[str, Any]) -> dict[str, Any]:
        validate.compile_scope(body["source"])
        return {"compiles": True, "compile_error": None, "all_tests_passed": True, "results": []}

    def bridge(self) -> FakeBridge:
        tools = {"get_schema": self.schema, "execute_sql": self.sql, "get_room_vault_items": self.vault}
        return FakeBridge(tools, verify=self.verify)

    def open(self) -> "_Room":
        with serving(self.bridge()) as bridge:
            done = run_agent(EXAMPLES / "row-limit-scope", bridge, POLICY_CONTEXT=self.policy)
        assert done.returncode == 0, done.stderr
        self.source = json.loads(done.stdout)["scope_fn"]
        names: dict[str, Any] = {}
        exec(validate.compile_scope(self.source), names)
        self.scope = names["scope"]
        return self

    def ask(self, question: str) -> str:
        with serving(self.bridge()) as bridge:
            done = run_agent(EXAMPLES / "aggregate-query", bridge, QUERY_PROMPT=question, SCOPE_FN_SOURCE=self.source)
        assert done.returncode == 0, done.stderr
        mediated = run_agent(EXAMPLES / "redact-mediator", RAW_OUTPUT=done.stdout, MEDIATION_POLICY=self.policy)
        return mediated.stdout


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Decimal) else value.isoformat()  # type: ignore[attr-defined]


@pytest.fixture
def database(db: None) -> Iterator["psycopg.Connection[dict[str, Any]]"]:
    parameters = control.get_connection_params()
    wanted = {name: parameters[name] for name in ("dbname", "user", "password", "host", "port") if name in parameters}
    with psycopg.connect(**wanted, autocommit=True, row_factory=dict_row) as opened:
        opened.execute(_TABLE)
        opened.execute(_ROWS)
        yield opened


@pytest.fixture
def room(database: "psycopg.Connection[dict[str, Any]]") -> _Room:
    return _Room(database, "Bob may learn totals, no single rows.").open()


def test_how_much_in_each_category(room: _Room) -> None:
    answer = room.ask("How much was watched in each category?")
    total = {row["category"]: row["m"] for row in _by(room, "category")}
    for name, minutes in total.items():
        assert f"| {name} | {minutes:,} | 40 |" in answer


def test_the_top_two_devices_by_average_rating(room: _Room) -> None:
    answer = room.ask("Top 1 device by average rating?")
    assert answer.count("\n| ") == 2 + answer.count("| --- |") - 1
    assert "average rating" in answer


def test_minutes_per_month_without_the_month_that_has_four_rows(room: _Room) -> None:
    answer = room.ask("How many minutes per month?")
    months = [line[2:9] for line in answer.splitlines() if line.startswith("| 2026")]
    assert months == ["2026-01", "2026-02", "2026-03", "2026-04"]


def test_the_busiest_weekday(room: _Room) -> None:
    assert "**Busiest weekday: " in room.ask("What is the busiest weekday?")


def test_what_changed_this_month(room: _Room) -> None:
    answer = room.ask("What changed this month?")
    assert "2026-04 (the latest month in the data) against 2026-03" in answer
    assert "| drama | 305 | 355 | up 50 (+16%) |" in answer
    assert "| news | 330 | 315 | down 15 (-5%) |" in answer


def test_totals_and_an_overview(room: _Room) -> None:
    assert "120 entries" in room.ask("How many entries are there in total?")
    overview = room.ask("Hello?")
    assert "120 entries" in overview
    assert "| drama |" in overview
    assert "| 2026-02 |" in overview


def test_what_the_note_says(room: _Room) -> None:
    answer = room.ask("What does the note say about the summer budget?")
    assert "> The summer budget is 400 euros. — diary" in answer
    assert "Mia" not in answer
    assert "say nothing about" in room.ask("What does the note say about dinosaurs?")


def test_a_note_with_an_address_leaves_without_it(room: _Room) -> None:
    answer = room.ask("What does the note say about carol?")
    assert "carol@" not in answer
    assert "[redacted e-mail]" in answer


def test_a_group_of_one_is_not_shown(room: _Room) -> None:
    answer = room.ask("How much was watched by country?")
    assert "Chile" in answer
    assert "Iceland" not in answer


def test_no_statement_asks_for_single_rows(room: _Room) -> None:
    room.ask("Who watched what?")
    assert room.statements
    assert all("count(*)" in statement for statement in room.statements)


def test_people_are_counted_when_the_rules_demand_it(database: "psycopg.Connection[dict[str, Any]]") -> None:
    room = _Room(database, "minimum group size: 15 distinct user_id\ndeny columns: user_id, viewer_email").open()
    assert "| drama |" in room.ask("How much was watched in each category?")
    assert "Iceland" not in room.ask("How much was watched by country?")


def test_a_hidden_measure_leaves_the_counts(database: "psycopg.Connection[dict[str, Any]]") -> None:
    room = _Room(database, "deny columns: minutes, rating").open()
    answer = room.ask("How much was watched in each category?")
    assert "| drama | 40 |" in answer


def test_a_refusal_is_an_answer(database: "psycopg.Connection[dict[str, Any]]") -> None:
    room = _Room(database, "deny columns: category, title\nvault: deny").open()
    assert "do not let this be answered" in room.ask("Top 5 categories")
    assert "do not let this be answered" in room.ask("What does the note say about Mia?")


def _by(room: _Room, column: str) -> list[dict[str, Any]]:
    found = room.database.execute(f"SELECT {column}, sum(minutes) AS m FROM watch_history GROUP BY 1")
    return list(found)
