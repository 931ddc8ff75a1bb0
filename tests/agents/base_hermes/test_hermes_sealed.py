"""Hermes Agent in a sealed container: it asks the stage's model, and reaches the data through the plugin."""

import json
from collections.abc import Iterator

import pytest

from runner.engine.docker import DockerEngine
from tests.agents.base_hermes.hermes import context
from tests.agents.box import Box
from tests.agents.default.scripted import schema_tool, sql_tool

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

ASKED = {"QUERY_PROMPT": "How many people?", "HIVEMIND_MODEL": "room/model"}
SELECT = ("execute_sql", {"sql": "SELECT 1"})


@pytest.fixture(scope="module")
def box(engine: DockerEngine) -> Iterator[Box]:
    made = Box(engine, context())
    yield made
    engine.close()
    engine.remove_image(made.tag)


def test_it_asks_the_model_calls_a_tool_and_answers(box: Box) -> None:
    sql = sql_tool([{"entries": 2}])
    ended, room = box.run("query", [SELECT, "Two."], tools=[schema_tool(), sql], HIVEMIND_AGENT_ROLE="query", **ASKED)
    assert ended.succeeded, ended.stderr
    assert ended.stdout == b"Two.\n"
    assert sql.asked == [{"sql": "SELECT 1"}]
    first, second = (seen.body for seen in room.upstream.seen)
    offered = {tool["function"]["name"] for tool in first["tools"]}
    assert offered == {"execute_sql", "get_schema", "upload_artifact", "upload_report_artifact"}
    assert second["messages"][-1]["content"] == '[{"entries": 2}]'
    # The marks that the plugin takes out of results are still those that this version obeys.
    assert "[OUT-OF-BAND USER MESSAGE" in first["messages"][0]["content"]


def test_a_scope_agent_has_its_function_checked(box: Box) -> None:
    source = "def scope(sql, params, rows):\n    return {'allow': True, 'rows': rows}\n"
    tests = json.dumps([{"sql": "SELECT 1", "rows": [{"a": 1}], "expect_min_rows": 1}])
    script = [("verify_scope_fn", {"source": source, "tests": tests}), json.dumps({"scope_fn": source})]
    ended, room = box.run("scope", script, tools=[schema_tool(), sql_tool()], HIVEMIND_AGENT_ROLE="scope", **ASKED)
    assert json.loads(ended.stdout) == {"scope_fn": source}, ended.stderr
    told = json.loads(room.upstream.seen[1].body["messages"][-1]["content"])
    assert (told["compiles"], told["all_tests_passed"]) == (True, True)


def test_without_a_role_it_has_no_tools(box: Box) -> None:
    sql = sql_tool()
    ended, room = box.run("query", [SELECT, "No idea."], tools=[sql], **ASKED)
    assert ended.stdout == b"No idea.\n", ended.stderr
    assert sql.asked == []
    assert not any(seen.body.get("tools") for seen in room.upstream.seen)


def test_a_package_that_somebody_uploads_says_its_role_itself(engine: DockerEngine) -> None:
    own = Box(engine, context(role="query"))
    sql = sql_tool([{"entries": 2}])
    try:
        ended, _ = own.run("query", [SELECT, "Two."], tools=[sql], **ASKED)
        assert (ended.stdout, len(sql.asked)) == (b"Two.\n", 1), ended.stderr
    finally:
        engine.close()
        engine.remove_image(own.tag)


def test_a_used_up_budget_ends_it(box: Box) -> None:
    ended, room = box.run("query", [SELECT, "Two."], tools=[sql_tool()], calls=1, HIVEMIND_AGENT_ROLE="query", **ASKED)
    assert b"Budget exhausted" in ended.stdout, ended.stderr
    assert len(room.upstream.seen) == 1


def test_a_room_without_models_is_told_as_one(box: Box) -> None:
    ended, room = box.run("query", [], tools=[sql_tool()], HIVEMIND_AGENT_ROLE="query", **ASKED)
    assert b"does not allow model calls" in ended.stdout, ended.stderr
    assert room.upstream.seen == []
