"""The examples that use a model: once as intended, and with models that are broken or hostile."""

import json
from typing import Any

import pytest

from tests.agents.default.scripted import AGENTS, Canned, Stage, call, calling, say, schema_tool, sql_tool, stage
from tests.runner.llm.fake_upstream import completion

EXAMPLES = AGENTS / "examples"
ASK = {"QUERY_PROMPT": "How many people are in each team?"}
WATCHED = [
    {"watched_at": f"2024-01-0{n % 3 + 1} 2{n % 3}:00:00", "hashtags": "#cats #Fun", "category": "pets", "seconds": 900}
    for n in range(8)
]
HISTORY = [
    {"table_name": "watch_history", "column_name": name, "data_type": kind}
    for name, kind in (
        ("viewer_email", "text"),
        ("watched_at", "timestamp"),
        ("hashtags", "text"),
        ("category", "text"),
        ("seconds", "integer"),
    )
]


def with_openai(room: Stage, **inputs: str) -> dict[str, str]:
    return {"OPENAI_BASE_URL": f"{room.url}/v1", "OPENAI_API_KEY": "session-token-of-the-test"} | inputs


def test_simple_query_runs_the_models_select_and_prints_its_words() -> None:
    sql = sql_tool()
    with stage("query", tools=[schema_tool(), sql]) as room:
        say(room.upstream, '```json\n{"sql": "SELECT team FROM people WHERE team LIKE \'%a\'"}\n```', "One each.")
        done = room.run(EXAMPLES / "simple-query", **ASK)
        assert (done.returncode, done.stdout) == (0, "One each.\n"), done.stderr
        assert sql.asked[0]["sql"] == "SELECT team FROM people WHERE team LIKE '%%a'"


@pytest.mark.parametrize("garbage", ["", "I will not.", '{"sql": 5}', "{" * 3000])
def test_simple_query_counts_when_the_model_writes_no_select(garbage: str) -> None:
    with stage("query", tools=[schema_tool(), sql_tool([{"entries": 2}])]) as room:
        say(room.upstream, garbage)
        assert "- people: 2 entries" in room.run(EXAMPLES / "simple-query", **ASK).stdout


def test_simple_query_is_polite_without_a_model_a_budget_a_right_or_a_bridge() -> None:
    agent = EXAMPLES / "simple-query"
    with stage("query", tools=[schema_tool(), sql_tool([{"entries": 2}])], model=False) as room:
        assert "- people: 2 entries" in room.run(agent, **ASK).stdout
        assert room.run(agent).stdout == "No question provided.\n"
    with stage("query", tools=[schema_tool()], tokens=5) as room:
        assert "within the budget" in room.run(agent, **ASK).stdout
    with stage("query", tools=[schema_tool(), sql_tool({"error": "too small a group"})]) as room:
        say(room.upstream, '{"sql": "SELECT 1"}')
        assert "too small a group" in room.run(agent, **ASK).stdout
    done = room.run(agent, **ASK)
    assert (done.returncode, done.stdout) == (0, "I could not answer this question.\n")


def test_mcp_query_finds_the_tools_by_itself() -> None:
    sql = sql_tool()
    with stage("query", tools=[schema_tool(), sql]) as room:
        call(room.upstream, "execute_sql", {"sql": "SELECT team"})
        say(room.upstream, "Two teams of one.")
        done = room.run(EXAMPLES / "mcp-query", **with_openai(room, AGENT_ROLE="query", **ASK))
        assert (done.returncode, done.stdout) == (0, "Two teams of one.\n"), done.stderr
        assert sql.asked == [{"sql": "SELECT team"}]


def test_mcp_query_survives_a_model_that_is_broken_or_never_stops() -> None:
    agent = EXAMPLES / "mcp-query"
    with stage("query", tools=[sql_tool()]) as room:
        inputs = with_openai(room, AGENT_ROLE="query", **ASK)
        for arguments in ("{broken", {"sql": "SELECT 1"}, {"drop": 1}):
            room.upstream.answer(calling("execute_sql", arguments))
        for _ in range(9):
            room.upstream.answer(calling("no_such_tool", {}))
        done = room.run(agent, **inputs)
        assert (done.returncode, done.stdout) == (0, "I could not answer this question.\n")
        assert len(room.upstream.seen) == 7
    with stage("query", tools=[sql_tool()], calls=1, tokens=5) as room:
        assert "within the budget" in room.run(agent, **with_openai(room, AGENT_ROLE="query", **ASK)).stdout
    with stage("query", tools=[sql_tool()], model=False) as room:
        assert "could not answer" in room.run(agent, **with_openai(room, AGENT_ROLE="query", **ASK)).stdout


def tiktok(value: Any, *, model: list[str] | None = None, **inputs: str) -> tuple[dict[str, Any], str]:
    tools = [Canned("get_schema", HISTORY), sql_tool(value)]
    with stage("query", tools=tools, model=model is not None) as room:
        say(room.upstream, *(model or []))
        done = room.run(EXAMPLES / "tiktok-analytics", QUERY_PROMPT="What do I watch?", **inputs)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout), room.prompts()


def test_tiktok_analytics_counts_by_itself_and_shows_the_model_counts_only() -> None:
    result, told = tiktok(WATCHED, model=['{"themes": [{"theme": "Cats\\u200b", "evidence": "8 views"}]}'])
    report = result["report"]
    assert (result["status"], report["views"], report["watched_hours"]) == ("ok", 8, 2.0)
    assert report["top_hashtags"][0]["views"] == 8
    assert report["themes"] == [{"theme": "Cats", "evidence": "8 views"}]
    assert "2024-01" not in told


@pytest.mark.parametrize("model", [None, ["nothing"], ['{"themes": 7}'], ['{"themes": [7, {"theme": null}]}']])
def test_tiktok_analytics_is_complete_without_a_model(model: list[str] | None) -> None:
    result, _ = tiktok(WATCHED, model=model)
    assert result["report"]["themes"] == [{"theme": "pets", "evidence": "8 views"}]


def test_tiktok_analytics_takes_groups_where_single_rows_are_refused() -> None:
    def grouped(arguments: Any) -> Any:
        one = "count(*)" in arguments["sql"]
        return [{"category": "pets", "views": 40}, {"category": "rare", "views": 1}] if one else {"error": "no rows"}

    result, _ = tiktok(grouped)
    assert result["report"]["views"] == 41
    assert result["report"]["top_topics"] == [{"name": "pets", "views": 40}]
    assert tiktok({"error": "nothing"})[0] == {"status": "refused", "reason": "nothing"}
    assert tiktok([])[0] == {"status": "empty"}


def test_a_slow_model_service_is_waited_for() -> None:
    with stage("query", tools=[schema_tool(), sql_tool()]) as room:
        room.upstream.answer(completion("busy"), status=503)
        say(room.upstream, '{"sql": "SELECT 1"}', "Two.")
        assert room.run(EXAMPLES / "simple-query", **ASK).stdout == "Two.\n"
