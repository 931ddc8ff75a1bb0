"""Hermes Agent in a sealed container: it asks the stage's model, and reaches the data through the plugin."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from agents.packages.folder import PLAIN
from attestation.digests import SourceFile
from runner.engine.docker import DockerEngine
from tests.agents.default.scripted import schema_tool, sql_tool
from tests.agents.default.test_bundled_in_containers import Box, engine  # noqa: F401 - a fixture

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

BASE = "hivemind-agent-base-hermes:latest"
LEFT_OUT = "com.hivemind.agentbase-hermes.left-out"
DOCKERFILE = f'FROM {BASE}\nCOPY main.py /app/main.py\nCMD ["python3", "main.py"]\n'
AGENT = """
import os
import sys

sys.stdout, answer = sys.stderr, sys.stdout

from run_agent import AIAgent

agent = AIAgent(
    base_url=os.environ["OPENAI_BASE_URL"],
    api_key=os.environ["OPENAI_API_KEY"],
    model="room/model",
    max_iterations=4,
    enabled_toolsets=["hivemind"],
    quiet_mode=True,
    skip_context_files=True,
    skip_memory=True,
)
print(agent.chat(os.environ["QUERY_PROMPT"]), file=answer)
"""
ASKED = {"QUERY_PROMPT": "How many people?"}
SELECT = ("execute_sql", {"sql": "SELECT 1"})


@pytest.fixture(scope="module")
def box(engine: DockerEngine) -> Iterator[Box]:  # noqa: F811
    shown = ["docker", "image", "inspect", "--format", "{{json .Config.Labels}}", BASE]
    labels = json.loads(subprocess.run(shown, capture_output=True, text=True, check=True).stdout) or {}
    if labels.get(LEFT_OUT) != "":
        pytest.skip(f"{BASE} is without Hermes Agent; agents/base/build.sh --force tries to get it")
    files = {"Dockerfile": DOCKERFILE, "main.py": AGENT}
    made = Box(engine, [SourceFile(name, PLAIN, text.encode()) for name, text in files.items()])
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


def test_without_a_role_it_has_no_tools(box: Box) -> None:
    sql = sql_tool()
    ended, room = box.run("query", [SELECT, "No idea."], tools=[sql], **ASKED)
    assert ended.stdout == b"No idea.\n", ended.stderr
    assert sql.asked == []
    assert not any(seen.body.get("tools") for seen in room.upstream.seen)


def test_a_used_up_budget_ends_it(box: Box) -> None:
    ended, room = box.run("query", [SELECT, "Two."], tools=[sql_tool()], calls=1, HIVEMIND_AGENT_ROLE="query", **ASKED)
    assert b"Budget exhausted" in ended.stdout, ended.stderr
    assert len(room.upstream.seen) == 1


def test_a_room_without_models_is_told_as_one(box: Box) -> None:
    ended, room = box.run("query", [], tools=[sql_tool()], HIVEMIND_AGENT_ROLE="query", **ASKED)
    assert b"does not allow model calls" in ended.stdout, ended.stderr
    assert room.upstream.seen == []
