"""Both official clients in a sealed container, which reaches nothing but its bridge, against a scripted upstream."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from runner.bridge.budget import Budget
from runner.bridge.server import Bridge
from runner.bridge.sessions import StageSession
from runner.engine import errors
from runner.engine.base import BuildSpec, ContainerSpec, Exit
from runner.engine.docker import DockerEngine
from runner.llm.providers import LlmRoute, Provider
from runner.llm.retries import RetryPolicy
from runner.stages.environment import BRIDGE_PORT, BRIDGE_URL
from tests.agents.base.conftest import vendor  # noqa: F401 - a fixture
from tests.runner.bridge.conftest import Tools
from tests.runner.engine.conftest import docker_engine, engine_state  # noqa: F401 - fixtures
from tests.runner.llm.fake_upstream import FakeUpstream, completion, serving
from tests.runner.sdks import vendoring
from tests.runner.sdks.conftest import call

# A busy machine takes a minute for the image, and another for reading the clients' source.
pytestmark = [pytest.mark.docker, pytest.mark.timeout(600), pytest.mark.usefixtures("vendor")]

KEY, ROW, TOKEN = "sk-operator-7c1d", "secret-row-55", "stage-token-0123456789abcdef"
# OpenAI: plain, stream, two of a tool round, 20 at once. Anthropic: plain, stream, two of a tool round.
CALLS = 24 + 4


async def _script(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    """Answers by the first user turn: a text, a slow stream, a round of two tools, or a failure."""
    turns = body["messages"]
    asked = next(turn["content"] for turn in turns if turn["role"] == "user")
    rows = [turn["content"] for turn in turns if turn["role"] == "tool"]
    if asked == "fail":
        return web.json_response({"error": {"message": f"{KEY} {ROW}"}}, status=500)
    if asked == "stream":
        return await _slow(request)
    if asked == "tools" and not rows:
        calls = [call("get_row", json.dumps({"n": n}), ident=f"call_{n}") for n in (1, 2)]
        return web.json_response(completion("Looking.", tool_calls=calls))
    return web.json_response(completion(" and ".join(rows) or f"{ROW} for {asked}"))


async def _slow(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for text in ("one ", "two ", "three"):
        chunk = {"choices": [{"index": 0, "delta": {"content": text}}]}
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        await asyncio.sleep(0.4)
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage = {"choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": 5}}
    for part in (end, usage):
        await response.write(b"data: " + json.dumps(part).encode() + b"\n\n")
    await response.write(b"data: [DONE]\n\n")
    return response


@pytest.fixture
def image(docker_engine: DockerEngine) -> Iterator[str]:  # noqa: F811
    tag = f"hivemind-test-sdks:{uuid.uuid4().hex[:8]}"
    built = docker_engine.build_image(BuildSpec(tag=tag, context=vendoring.context(), cache_scope=uuid.uuid4().hex))
    yield built.id
    _remove(docker_engine, tag)


def _remove(engine: DockerEngine, tag: str) -> None:
    """The container's removal, which goes on behind our back, comes first."""
    for _ in range(60):
        try:
            return engine.remove_image(tag)
        except errors.EngineError:
            time.sleep(0.5)
    return engine.remove_image(tag)


@pytest.fixture
def upstream() -> Iterator[FakeUpstream]:
    with serving() as fake:
        fake.default = _script
        yield fake


def _run(engine: DockerEngine, session: StageSession, image: str) -> Exit:
    bridge = Bridge(retries=RetryPolicy(base_seconds=0.01))
    bridge.start()
    spec = ContainerSpec(name=f"hivemind-test-sdks-{uuid.uuid4().hex[:8]}", image=image, run_id="r", stage="query")
    environment = {
        "OPENAI_BASE_URL": f"{BRIDGE_URL}/v1",
        "OPENAI_API_KEY": session.token,
        "ANTHROPIC_BASE_URL": BRIDGE_URL,
        "ANTHROPIC_API_KEY": session.token,
    }
    try:
        with engine.prepare(spec) as prepared:
            bridge.open(session, prepared.listen(BRIDGE_PORT))
            prepared.release(environment)
            return prepared.wait(time.monotonic() + 240)
    finally:
        bridge.stop()


def test_agents_written_with_either_client_work_unchanged(
    docker_engine: DockerEngine,  # noqa: F811
    image: str,
    upstream: FakeUpstream,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    route = LlmRoute(Provider("openrouter", upstream.url, KEY), "room/model")
    budget = Budget(CALLS, 100_000)
    session = StageSession(role="query", token=TOKEN, tools=Tools(), budget=budget, llm=route)
    ended = _run(docker_engine, session, image)
    assert ended.succeeded, ended.stderr.decode()
    report = json.loads(ended.stdout)

    rows = '{"n": 1} and {"n": 2}'
    asked = report["openai"]
    assert (asked["plain"], asked["streamed"], asked["tools"]) == (f"{ROW} for plain", "one two three", rows)
    assert asked["spread"] > 0.5, "the stream came all at once"
    assert asked["usage_last"] == 25
    assert asked["parallel"] == sorted(f"{ROW} for plain {n}" for n in range(20))
    assert asked["models"] == ["room/model"]
    assert "The model service gave no answer" in asked["failure"]

    asked = report["anthropic"]
    assert (asked["plain"], asked["tools"], asked["stop_reason"]) == (f"{ROW} for plain", rows, "tool_use")
    assert (asked["streamed"], asked["usage"]) == (["one ", "two ", "three"], 5)
    assert (asked["counted"], asked["models"]) == (100, ["room/model"])
    assert asked["failure"] == "The model service gave no answer"

    assert len(report["exhausted"]) == 2
    assert all("Budget exhausted: all 28 model calls are used" in text for text in report["exhausted"])
    assert budget.snapshot()["calls"] == CALLS
    assert {body.body["model"] for body in upstream.seen} == {"room/model"}
    assert {seen.headers["Authorization"] for seen in upstream.seen} == {f"Bearer {KEY}"}
    assert KEY.encode() not in ended.stdout + ended.stderr
    logged = " ".join(record.getMessage() for record in caplog.records)
    assert not [word for word in (KEY, ROW, TOKEN, "Looking", "whatever") if word in logged]
