"""Every bundled agent as it is really run: built from its folder, behind the gate, spoken to over its own loopback."""

import io
import json
import tarfile

import pytest

from agents.defaults import bundled_files
from runner.engine.docker import DockerEngine
from tests.agents.box import Box
from tests.agents.default.scripted import AGENTS, Canned, schema_tool, sql_tool

pytestmark = pytest.mark.docker

FILTER = (
    "def scope(sql, params, rows):\n"
    "    if 'salary' in sql.lower():\n"
    "        return {'allow': bool([]), 'rows': [], 'error': 'salaries are not shown'}\n"
    "    return {'allow': True, 'rows': rows}\n"
)
HISTORY = [
    {"table_name": "watch_history", "column_name": "category", "data_type": "text"},
    {"table_name": "watch_history", "column_name": "seconds", "data_type": "integer"},
]
CALENDAR = [{"start_time": "2030-01-04 18:00:00", "end_time": "2030-01-04 21:00:00"}]


def _context(name: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for file in bundled_files(AGENTS, name):
            info = tarfile.TarInfo(file.path)
            info.size, info.mode = len(file.content), file.mode
            tar.addfile(info, io.BytesIO(file.content))
    return buffer.getvalue()


SCOPE = ("scope", {"POLICY_CONTEXT": "Never show salaries.", "QUERY_PROMPT": "who?"})
QUERY = ("query", {"QUERY_PROMPT": "How many people?"})
CASES = {
    "default-scope": (*SCOPE, [json.dumps({"scope_fn": FILTER})], "salaries are not shown", "nothing is shown"),
    "default-query": (*QUERY, [("execute_sql", {"sql": "SELECT 1"}), "Two."], "Two.\n", "could not answer"),
    "default-mediator": ("mediator", {"RAW_OUTPUT": "raw"}, ["checked"], "checked\n", "so it is not shown."),
    "examples/simple-query": (*QUERY, ['{"sql": "SELECT 1"}', "Two."], "Two.\n", "people: "),
    "examples/mcp-query": (*QUERY, [("execute_sql", {"sql": "SELECT 1"}), "Two."], "Two.\n", "could not answer"),
    "examples/tiktok-analytics": (*QUERY, ['{"themes": [{"theme": "Cats"}]}'], "Cats", '"status": "ok"'),
    "examples/dinner-negotiation/scope-agent": ("scope", {}, ["unused"], "start_time", "start_time"),
    "examples/dinner-negotiation/bob-query-agent": (*QUERY, ["Tuesday!"], "Friday 04 January", "Friday 04 January"),
}
for _role in ("scope", "query", "mediator"):
    CASES[f"default-{_role}-hermes"] = CASES[f"default-{_role}"]


@pytest.mark.parametrize("name", CASES)
def test_it_works_in_its_container_and_ends_well_without_a_model(engine: DockerEngine, name: str) -> None:
    role, inputs, script, good, fallback = CASES[name]
    tools = [schema_tool(), sql_tool([{"entries": 2}])] if role != "mediator" else []
    if "tiktok" in name:
        rows = [{"category": "pets", "seconds": 60}] * 5
        tools = [Canned("get_schema", HISTORY), sql_tool(rows)]
    if "bob" in name:
        tools = [sql_tool(CALENDAR)]
    box = Box(engine, _context(name))
    try:
        ended, _ = box.run(role, script, tools=tools, **inputs)
        assert ended.succeeded, ended.stderr
        assert good in ended.stdout.decode(), ended.stderr
        ended, _ = box.run(role, [], tools=tools, **inputs)
        assert ended.succeeded, ended.stderr
        assert fallback in ended.stdout.decode(), ended.stderr
    finally:
        engine.close()
        engine.remove_image(box.tag)


def test_a_mediator_reads_an_answer_that_is_too_large_for_the_environment(engine: DockerEngine) -> None:
    box = Box(engine, _context("default-mediator"))
    try:
        ended, room = box.run("mediator", ["short"], RAW_OUTPUT="large answer " * 12_000)
        assert ended.stdout == b"short\n", ended.stderr
        assert "large answer large answer" in room.prompts()
    finally:
        engine.close()
        engine.remove_image(box.tag)
