"""What agents that were written for the contract find in the base image, behind the runner's own walls."""

import json
import time
import uuid

import pytest

from runner.engine.base import BuildSpec, ContainerSpec, Exit
from runner.engine.docker import DockerEngine
from runner.stages.environment import BRIDGE_PORT, BRIDGE_URL
from tests.agents.base.conftest import BASE
from tests.agents.default.scripted import TOKEN, say, sql_tool, stage
from tests.runner.engine import contexts

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]

LOOK = """
import json, os, subprocess, sys
def said(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip()
print(json.dumps({
    "python": sys.version_info[:2], "uid": os.getuid(), "gid": os.getgid(), "home": os.environ["HOME"],
    "path": os.environ["PYTHONPATH"], "cwd": os.getcwd(), "node": said("node", "--version"),
    "claude": said("claude", "--version"), "pip": said(sys.executable, "-m", "pip", "config", "list"),
}))
"""
ASK = """
async function ask(path, body) {
    const headers = {authorization: "Bearer " + process.env.SESSION_TOKEN, "content-type": "application/json"}
    const told = await fetch(process.env.BRIDGE_URL + path, {method: "POST", headers, body: JSON.stringify(body)})
    return told.json()
}
async function main() {
    const rows = await ask("/tools/execute_sql", {arguments: {sql: "SELECT 7 AS n"}})
    const said = await ask("/llm/chat", {messages: [{role: "user", content: rows.result}]})
    console.log(rows.result, said.content)
}
main()
"""
IMPORT = "import aiohttp, claude_agent_sdk, httpx, mcp; print(aiohttp.__version__, claude_agent_sdk.__version__)"


def run(engine: DockerEngine, image: str, *program: str) -> Exit:
    """A program in a container of the image, with the walls of a stage."""
    spec = ContainerSpec(
        name=f"hm-test-{time.monotonic_ns()}", image=image, run_id="r", stage="query", entrypoint=program or None
    )
    with engine.prepare(spec) as prepared:
        prepared.release({})
        return prepared.wait(time.monotonic() + 60)


def test_the_user_the_folders_and_pip_are_as_agents_expect_them(engine: DockerEngine) -> None:
    ended = run(engine, BASE, "python3", "-c", LOOK)
    found = json.loads(ended.stdout)
    assert (found["uid"], found["gid"], found["home"]) == (1000, 1000, "/home/agent")
    assert (found["path"], found["cwd"]) == ("/app", "/app")
    # Nothing of the machine's own set-up, which may name its index.
    assert found["pip"] == ":env:.no-cache-dir='1'"


def test_python_node_claude_and_the_sdk_have_the_versions_of_the_contract(engine: DockerEngine, vendor: None) -> None:
    found = json.loads(run(engine, BASE, "python3", "-c", LOOK).stdout)
    assert tuple(found["python"]) >= (3, 12)
    assert found["node"].startswith("v20.")
    assert found["claude"].startswith("2.1.")
    ended = run(engine, BASE, "python3", "-c", IMPORT)
    assert ended.stdout == b"3.13.5 0.1.61\n", ended.stderr


def test_an_agent_may_be_written_in_javascript(engine: DockerEngine, vendor: None) -> None:
    spec = ContainerSpec(
        name=f"hm-test-{time.monotonic_ns()}", image=BASE, run_id="r", stage="query", entrypoint=("node", "-e", ASK)
    )
    with (
        engine.prepare(spec) as prepared,
        stage("query", listener=prepared.listen(BRIDGE_PORT), tools=[sql_tool([{"n": 7}])]) as room,
    ):
        say(room.upstream, "Seven.")
        prepared.release({"BRIDGE_URL": BRIDGE_URL, "SESSION_TOKEN": TOKEN})
        ended = prepared.wait(time.monotonic() + 60)
    assert ended.stdout == b'[{"n": 7}] Seven.\n', ended.stderr


def test_a_command_may_name_its_program_by_a_relative_path(engine: DockerEngine) -> None:
    tag = f"hivemind-test-relative:{uuid.uuid4().hex[:8]}"
    text = f'FROM {BASE}\nCOPY agent.py helper.py ./\nCMD ["python3", "agent.py"]\n'
    files = {"Dockerfile": text, "helper.py": "WORD = 'found'\n", "agent.py": "from helper import WORD\nprint(WORD)\n"}
    image = engine.build_image(BuildSpec(tag=tag, context=contexts.pack(files)))
    try:
        assert run(engine, image.id).stdout == b"found\n"
    finally:
        engine.close()
        engine.remove_image(tag)
