"""Agents that know only the contract: environment, bridge, streams. Each is built from its folder and run unchanged."""

import io
import tarfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.engine.base import BuildSpec, ContainerSpec, Exit
from runner.engine.docker import DockerEngine
from runner.engine.limits import Limits
from tests.agents.box import URL
from tests.agents.default.scripted import TOKEN, say, schema_tool, sql_tool, stage
from tests.runner.sdks.vendoring import closure

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]
HERE = Path(__file__).parent
SAID = {
    "stdlib": 'stdlib|query|3|[{"n": 7}]\nFrom the model.|True\n',
    "httpx": 'httpx|[{"n": 7}]|From the model.\n',
    "mcp": "mcp|['execute_sql', 'get_schema']|[{\"n\": 7}]\n",
}


def context(style: str) -> bytes:
    """The folder as an archive; one style brings a library along."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for path in sorted((HERE / style).iterdir()):
            if path.is_file():
                tar.add(path, arcname=path.name)
        for package in closure("httpx").values() if style == "httpx" else ():
            for file in package.files or []:
                source = Path(str(file.locate()))
                if ".." not in file.parts and source.is_file():
                    tar.add(source, f"site-packages/{file}")
    return buffer.getvalue()


@pytest.fixture(params=SAID)
def built(engine: DockerEngine, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    tag = f"hivemind-test-contract:{uuid.uuid4().hex[:10]}"
    yield request.param, engine.build_image(BuildSpec(tag=tag, context=context(request.param))).id
    engine.close()
    engine.remove_image(tag)


def run(engine: DockerEngine, image: str, *, model: bool) -> Exit:
    """One query stage with the frozen environment."""
    limits = Limits(memory_bytes=256 * 2**20, cpus=1.0, pids=256)
    name = f"hm-test-{time.monotonic_ns()}"
    spec = ContainerSpec(name=name, image=image, run_id="r", stage="query", limits=limits)
    tools = [schema_tool(), sql_tool([{"n": 7}])]
    with (
        engine.prepare(spec) as prepared,
        stage("query", listener=prepared.listen(8787), tools=tools, model=model) as room,
    ):
        if model:
            say(room.upstream, "From the model.")
        given = {"BRIDGE_URL": URL, "SESSION_TOKEN": TOKEN, "AGENT_ROLE": "query", "QUERY_PROMPT": "How many?"}
        given |= {"OPENAI_BASE_URL": f"{URL}/v1", "OPENAI_API_KEY": TOKEN}
        prepared.release(given)
        return prepared.wait(time.monotonic() + 100)


def test_it_runs_unchanged(engine: DockerEngine, built: tuple[str, str]) -> None:
    style, image = built
    ended = run(engine, image, model=True)
    assert ended.succeeded, ended.stderr
    assert ended.stdout.decode() == SAID[style]


def test_it_runs_where_no_model_may_be_called(engine: DockerEngine, built: tuple[str, str]) -> None:
    style, image = built
    ended = run(engine, image, model=False)
    assert ended.succeeded, ended.stderr
    assert ended.stdout.decode().startswith(f"{style}|")
