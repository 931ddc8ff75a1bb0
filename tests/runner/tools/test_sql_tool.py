"""execute_sql from text to JSON, scoped and in full, against the real database."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runner.scopefn.answers import Denied, Reading
from runner.tools.registry import ToolRegistry
from tests.runner.sqlguard.places import Place
from tests.runner.tools.conftest import ask


class Counting:
    """A view that remembers what it was shown and denies."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []

    def show(self, reading: Reading) -> Denied:
        self.readings.append(reading)
        return Denied("no", detail="quotes data")


def test_a_full_read_is_an_array_of_rows(sql_tool) -> None:
    assert ask(sql_tool(), "SELECT id, title, price, tags FROM watch_history ORDER BY id LIMIT 2;") == [
        {"id": 1, "title": "title 1", "price": "1.10", "tags": {"n": 1}},
        {"id": 2, "title": "title 2", "price": "2.20", "tags": {"n": 2}},
    ]


def test_placeholders_percents_and_repeated_columns(sql_tool) -> None:
    rows = ask(sql_tool(), "SELECT id, id FROM watch_history WHERE title LIKE '%%le 1%' AND id = %s", 10)
    assert rows == [{"id": 10, "id_2": 10}]


def test_a_scope_function_sees_every_read_and_decides(sql_tool, scoped, tally) -> None:
    rule = "rows = [r for r in rows if r['team'] == 'alpha']"
    tool = sql_tool(scoped(f"{rule}\nreturn {{'allow': 'many' not in sql, 'rows': rows, 'error': 'not that'}}"))
    shown = ask(tool, "SELECT DISTINCT team FROM watch_history")
    assert shown == [{"team": "alpha"}]
    assert ask(tool, "SELECT id FROM many LIMIT 1")["error"].startswith("scope function failed (KeyError)")
    assert ask(tool, "SELECT name AS team FROM many LIMIT 1") == {"error": "not that"}
    assert tally.as_dict() == {"allowed": 1, "denied": 2}


def test_the_function_gets_the_text_as_sent_and_the_values_bound(sql_tool) -> None:
    view = Counting()
    text = "SELECT title FROM watch_history WHERE id = %s AND title LIKE '%%1'"
    assert ask(sql_tool(view), text, 1) == {"error": "no"}
    reading = view.readings[0]
    assert (reading.sql, reading.params, reading.columns, reading.rows) == (text, (1,), ["title"], [("title 1",)])


def test_what_is_refused_or_fails_never_reaches_the_view(sql_tool, tally) -> None:
    view = Counting()
    tool = sql_tool(view)
    for sql in ("SELECT * FROM secrets", "DROP TABLE many", "SELECT 1/0", "SELECT %s", "", "SELECT pg_sleep(1)"):
        assert set(ask(tool, sql)) == {"error"}
    assert view.readings == []
    assert tally.as_dict() == {"failed": 1, "refused": 5}


def test_a_failing_cast_shows_its_value_to_a_full_reader_only(sql_tool, scoped) -> None:
    statement = "SELECT title::int FROM watch_history"
    assert "title 1" in ask(sql_tool(), statement)["error"]
    filtered = ask(sql_tool(scoped("return {'allow': True, 'rows': []}")), statement)["error"]
    assert "title" not in filtered and filtered.startswith("the query failed (22P02")


def test_an_exception_of_the_function_shows_no_data_to_the_participant(sql_tool, scoped) -> None:
    tool = sql_tool(scoped("return int(rows[0]['title'])"))
    assert ask(tool, "SELECT title FROM watch_history") == {"error": "scope function failed (ValueError)"}


def test_a_room_without_tables_reads_nothing_and_never_connects(sql_tool) -> None:
    tool = sql_tool(tables=[])
    assert "no tables" in ask(tool, "SELECT 1")["error"]
    assert tool._session._conn is None


def test_rows_beyond_the_limit_are_announced(sql_tool, scoped) -> None:
    for view in (None, scoped("return {'allow': True, 'rows': rows}")):
        answer = ask(sql_tool(view, rows=50), "SELECT id FROM many")
        assert answer["truncated"] is True
        assert answer["returned_row_count"] == len(answer["rows"]) == 50


def test_a_result_longer_than_an_answer_is_shortened(sql_tool, scoped) -> None:
    for view in (None, scoped("return {'allow': True, 'rows': rows}")):
        text = sql_tool(view).call({"sql": "SELECT repeat(name, 20) AS t FROM many LIMIT 10000"})
        answer = json.loads(text)
        assert len(text) < 1_001_000
        assert answer["truncated"] is True and answer["original_row_count"] == 10_000
        assert 0 < answer["returned_row_count"] < 10_000


def test_one_row_longer_than_an_answer_ends(sql_tool) -> None:
    answer = ask(sql_tool(), "SELECT repeat('x', 1500000) AS t")
    assert answer["rows"] == [] and answer["truncated"] is True and answer["original_row_count"] == 1


def test_calls_of_many_threads_are_all_answered(sql_tool, scoped) -> None:
    tool = sql_tool(scoped("return {'allow': True, 'rows': rows}"))
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: ask(tool, "SELECT %s::int AS n", n), range(40)))
    assert answers == [[{"n": n}] for n in range(40)]


def test_an_interrupted_stage_gets_an_answer_at_once(sql_tool) -> None:
    tool = sql_tool()
    ask(tool, "SELECT 1")
    threading.Timer(0.3, tool.interrupt).start()
    started_at = time.monotonic()
    assert ask(tool, "SELECT count(*) FROM many a, many b, many c") == {"error": "the stage has ended"}
    assert time.monotonic() - started_at < 5


def test_the_definition_is_what_agents_know(sql_tool) -> None:
    definition = ToolRegistry([sql_tool()]).list_openai()[0]["function"]
    assert definition["name"] == "execute_sql"
    assert definition["parameters"]["required"] == ["sql"]
    assert definition["parameters"]["properties"]["params"]["default"] == []


@pytest.mark.parametrize(
    "sql", ["SELECT * FROM secrets", "SELECT 'x'::int", "SELECT nope FROM many", "SELECT * FROM nope"]
)
def test_no_error_names_the_role_or_the_database(sql_tool, place: Place, sql: str) -> None:
    text = sql_tool().call({"sql": sql})
    assert place.role not in text and place.tenant_id not in text and "the-secret-word" not in text
