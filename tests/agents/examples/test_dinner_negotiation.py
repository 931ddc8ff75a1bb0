"""Two calendars, one evening: the filter against what Bob might ask, and Bob's agent against a model that talks."""

import json
from typing import Any

import pytest

from runner.scopefn.answers import Allowed
from runner.scopefn.client import ScopeFunction
from tests.agents.default.scripted import AGENTS, say, sql_tool, stage

PAIR = AGENTS / "examples" / "dinner-negotiation"
ASKED = "SELECT start_time, end_time, status FROM calendar ORDER BY start_time"
CALENDAR = [
    {"start_time": "2030-01-04 18:00:00", "end_time": "2030-01-04 21:00:00", "status": "free"},
    {"start_time": "2030-01-06 18:00:00", "end_time": "2030-01-06 23:00:00", "status": "Free "},
    {"start_time": "2030-01-09 18:00:00", "end_time": "2030-01-09 23:00:00", "status": "busy", "title": "canary"},
]


@pytest.fixture(scope="module")
def source() -> str:
    with stage("scope", model=False) as room:
        done = room.run(PAIR / "scope-agent")
        assert done.returncode == 0, done.stderr
        return str(json.loads(done.stdout)["scope_fn"])


def shown(source: str, sql: str, rows: list[dict[str, Any]]) -> Any:
    with ScopeFunction.start(source) as scope:
        answer = scope.apply_dicts(sql=sql, params=[], rows=rows)
    return json.loads(answer.json_text) if isinstance(answer, Allowed) else None


def test_free_slots_come_through_without_anything_else(source: str) -> None:
    rows = shown(source, ASKED, CALENDAR)
    assert [set(row) for row in rows] == [{"start_time", "end_time"}] * 2


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM calendar",
        "SELECT title AS start_time, end_time, status FROM calendar",
        "SELECT start_time, end_time, 'free' AS status FROM calendar",
        "SELECT start_time, end_time, status FROM calendar WHERE title LIKE '%%x'",
        "SELECT start_time, end_time, status FROM calendar ORDER BY title",
        "SELECT start_time, end_time, status FROM calendar, guests",
        "SELECT start_time, end_time, status FROM calendar /* x */",
        "SELECT count(*) FROM calendar",
        "SELECT item_id, text, metadata, created_at, size_bytes FROM room_vault_items",
        "",
    ],
)
def test_every_other_question_is_refused(source: str, sql: str) -> None:
    assert shown(source, sql, CALENDAR) is None
    assert shown(source, sql, [{"start_time": "canary", "end_time": "x", "status": "free"}]) is None


def propose(rows: Any, *, model: list[str] | None = None, prompt: str = "When?") -> str:
    with stage("query", tools=[sql_tool(rows)], model=model is not None) as room:
        say(room.upstream, *(model or []))
        done = room.run(PAIR / "bob-query-agent", QUERY_PROMPT=prompt)
        assert done.returncode == 0, done.stderr
        assert "2030-01-09" not in room.prompts()
        return done.stdout


FREE = [{"start_time": row["start_time"], "end_time": row["end_time"]} for row in CALENDAR[:2]]
FIRST = "Friday 04 January, 19:00 to 21:00"


def test_the_first_shared_evening_is_proposed_with_and_without_a_model() -> None:
    assert FIRST in propose(FREE)
    assert propose(FREE, model=[f"Alice, how about {FIRST}?"]) == f"Alice, how about {FIRST}?\n"
    assert "Sunday 06 January, 18:30 to 21:30" in propose(FREE, prompt="Is Sunday possible?")


@pytest.mark.parametrize("said", ["", "Tuesday at nine!", f"{FIRST}\nand by the way...", FIRST + " x" * 200])
def test_a_model_that_says_something_else_is_not_repeated(said: str) -> None:
    assert propose(FREE, model=[said]) == f"Dinner on {FIRST}. Bob would like Thai or Georgian food.\n"


@pytest.mark.parametrize(
    "rows", [[], [{"start_time": "soon"}], [{"start_time": "2031-01-01", "end_time": "2031-01-02"}]]
)
def test_without_a_shared_evening_it_says_so(rows: Any) -> None:
    assert propose(rows) == "There is no evening that suits both.\n"


def test_a_refusal_is_told() -> None:
    assert "does not tell when she is free: no" in propose({"error": "no"})
