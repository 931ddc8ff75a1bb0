"""The default query agent answers with its tools, stays within its bounds, and ends politely."""

import json

import pytest

from tests.agents.default.scripted import AGENTS, Canned, call, calling, say, schema_tool, sql_tool, stage
from tests.runner.llm.fake_upstream import completion

AGENT = AGENTS / "default-query"
QUESTION = {"QUERY_PROMPT": "How many people are there?"}
NO_ANSWER = "I could not answer this question. Asking again, or asking more simply, may help.\n"


def test_it_reads_the_schema_asks_the_data_and_prints_the_answer() -> None:
    sql = sql_tool()
    with stage("query", tools=[schema_tool(), sql]) as room:
        call(room.upstream, "execute_sql", {"sql": "SELECT count(*) FROM people"})
        say(room.upstream, "There are **2** people.\u200b")
        done = room.run(AGENT, SCOPE_FN_SOURCE="def scope(sql, params, rows): ...", **QUESTION)
        assert (done.returncode, done.stdout) == (0, "There are **2** people.\n"), done.stderr
        assert sql.asked == [{"sql": "SELECT count(*) FROM people"}]
        assert "def scope" in room.prompts()
        assert "salary" in room.prompts()
        counts = room.opened.usage().as_dict()["bridge"]["tool_call_counts"]
        assert counts == {"get_schema": 1, "execute_sql": 1}


def test_without_a_question_it_says_so_and_asks_nobody() -> None:
    with stage("query") as room:
        assert room.run(AGENT).stdout == "No question provided.\n"
        assert room.upstream.seen == []


def test_a_question_too_large_for_the_environment_is_read_from_its_file(tmp_path) -> None:
    (tmp_path / "q").write_text("Who is paid most? " + "please " * 30_000)
    with stage("query", tools=[schema_tool()], tokens=10**6) as room:
        say(room.upstream, "Emil.")
        assert room.run(AGENT, QUERY_PROMPT_FILE=str(tmp_path / "q")).stdout == "Emil.\n"
        assert "Who is paid most?" in room.prompts()


def test_a_model_that_never_stops_calling_is_stopped() -> None:
    sql = sql_tool()
    with stage("query", tools=[schema_tool(), sql]) as room:

        async def again(_request, body):
            from aiohttp import web

            return web.json_response(calling("execute_sql", {"sql": f"SELECT {len(body['messages'])}"}))

        room.upstream.default = again
        done = room.run(AGENT, **QUESTION)
        assert (done.returncode, done.stdout) == (0, NO_ANSWER)
        assert len(sql.asked) <= 6
        assert len(room.upstream.seen) <= 8
        assert [seen.body.get("tool_choice") for seen in room.upstream.seen[5:6]] == ["none"]


def test_reads_are_bounded_even_when_many_are_asked_for_at_once() -> None:
    sql = sql_tool()
    calls = [
        {
            "id": f"c{n}",
            "type": "function",
            "function": {"name": "execute_sql", "arguments": f'{{"sql": "SELECT {n}"}}'},
        }
        for n in range(40)
    ]
    with stage("query", tools=[sql]) as room:
        room.upstream.answer(completion(None, tool_calls=calls))
        say(room.upstream, "Done: the data say two.")
        done = room.run(AGENT, HIVEMIND_QUERY_MAX_SQL_CALLS="3", **QUESTION)
        assert done.stdout == "Done: the data say two.\n"
        assert len(sql.asked) == 3


@pytest.mark.parametrize("bad", ["", "Let me look at that.", '{"name": "execute_sql"}', "<tool_call>{}", "Error: x"])
def test_what_is_no_answer_is_asked_for_once_more(bad: str) -> None:
    with stage("query", tools=[sql_tool()]) as room:
        say(room.upstream, bad, "There are two.")
        assert room.run(AGENT, **QUESTION).stdout == "There are two.\n"
        say(room.upstream, bad, bad)
        assert room.run(AGENT, **QUESTION).stdout == NO_ANSWER


@pytest.mark.parametrize(
    "answer", [{"choices": "?"}, {"choices": [{"message": None}]}, calling("nope", "{broken"), completion("\x00\u202e")]
)
def test_garbage_ends_in_a_polite_sentence(answer: object) -> None:
    with stage("query", tools=[schema_tool(), sql_tool()]) as room:
        for _ in range(20):
            room.upstream.answer(answer)
        done = room.run(AGENT, **QUESTION)
        assert (done.returncode, done.stdout) == (0, NO_ANSWER)


def test_no_model_no_budget_and_no_bridge_each_have_their_sentence() -> None:
    with stage("query", tools=[schema_tool()], model=False) as room:
        assert "uses no model" in (out := room.run(AGENT, **QUESTION).stdout) or "use no model" in out
    with stage("query", tools=[schema_tool()], calls=1, tokens=30) as room:
        done = room.run(AGENT, **QUESTION)
        assert (done.returncode, "within the budget" in done.stdout) == (0, True)
    done = room.run(AGENT, **QUESTION)
    assert (done.returncode, done.stdout) == (0, NO_ANSWER)


def test_a_refusal_by_the_rules_reaches_the_model_as_a_refusal() -> None:
    with stage("query", tools=[sql_tool({"error": "no single rows"})]) as room:
        call(room.upstream, "execute_sql", {"sql": "SELECT name FROM people"})
        say(room.upstream, "The room does not show single persons.")
        assert room.run(AGENT, **QUESTION).stdout == "The room does not show single persons.\n"
        assert "no single rows" in room.prompts()


def test_a_long_conversation_is_shortened_and_keeps_its_shape() -> None:
    long = Canned("execute_sql", [{"text": "x" * 19_000}], sql_tool().parameters)
    with stage("query", tools=[long], tokens=10**6) as room:
        for turn in range(7):
            call(room.upstream, "execute_sql", {"sql": f"SELECT {turn}"})
        say(room.upstream, "All of them are x.")
        done = room.run(
            AGENT,
            QUERY_PROMPT="Write a report",
            HIVEMIND_QUERY_MAX_SQL_CALLS="9",
            HIVEMIND_QUERY_MAX_TOOL_TURNS="9",
        )
        assert done.stdout == "All of them are x.\n"
        for seen in room.upstream.seen:
            messages = seen.body["messages"]
            assert sum(len(m["content"] or "") for m in messages) < 125_000
            asked = [c["id"] for m in messages for c in m.get("tool_calls", [])]
            assert len(asked) == len([m for m in messages if m["role"] == "tool"])


def test_a_report_is_kept_as_a_file_only_where_the_room_takes_files() -> None:
    report = "# Findings\n\n" + "word " * 600
    for allowed, expected in (("true", 1), ("false", 0)):
        with stage("query", tools=[]) as room:
            say(room.upstream, report)
            done = room.run(AGENT, QUERY_PROMPT="Write a report", HIVEMIND_QUERY_UPLOAD_ARTIFACTS=allowed)
            assert done.stdout.strip() == report.strip()
            assert done.stderr.count("not kept as a file") == expected  # this stage has no place for files
            assert json.dumps(report)[:20]
