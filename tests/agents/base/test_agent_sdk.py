"""An agent on the Claude Agent SDK: brought to a room and sealed, and with models that fail it."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hivemind.kit.conf import override
from runner.engine.base import BuildSpec, ContainerSpec, ExitReason
from runner.engine.docker import DockerEngine
from tests.agents.box import URL
from tests.agents.default.scripted import AGENTS, TOKEN, say, schema_tool, sql_tool, stage
from tests.factories.platform import Platform
from tests.runner.engine import contexts
from tests.runner.llm.fake_upstream import FakeUpstream, completion, serving
from tests.runner.pipeline.conftest import platform  # noqa: F401 - a fixture
from tests.runner.pipeline.test_bringing import bring, carried_out, place
from tests.runner.sdks.conftest import call

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300), pytest.mark.usefixtures("vendor")]

AGENT = AGENTS / "examples" / "agent-sdk-query"
PACKAGE = contexts.pack({path.name: path.read_bytes() for path in AGENT.iterdir() if path.is_file()}, mode="w:gz")
SQL = "SELECT count(*) AS n FROM sales WHERE '5%' LIKE '5%'"
GIVEN = {
    "BRIDGE_URL": URL,
    "SESSION_TOKEN": TOKEN,
    "ANTHROPIC_BASE_URL": URL,
    "ANTHROPIC_API_KEY": TOKEN,
    "QUERY_PROMPT": "How many sales are there?",
}
FAILED = b"I could not answer this question.\n"


@pytest.fixture
def upstream(platform: Platform) -> Iterator[FakeUpstream]:  # noqa: F811
    with serving() as fake, override("llm", base_url=fake.url, api_key="sk-test", model="room/model"):
        yield fake


def test_it_is_brought_to_a_sealed_room_and_answers_with_the_rooms_tools_and_model(
    platform: Platform,  # noqa: F811
    upstream: FakeUpstream,
) -> None:
    room = place(platform, llm_providers=("openrouter",), query_visibility="sealed")
    use(upstream, "get_schema", {})
    use(upstream, "execute_sql", {"sql": SQL})
    say(upstream, "There are three sales.")
    sent = bring(platform, room, PACKAGE, "How many sales are there?")
    body = carried_out(room, sent["run_id"])
    assert (body["status"], body["output"]) == ("completed", "There are three sales."), body["error"]
    # Nothing is asked of the model but what the agent asks.
    assert len(upstream.seen) == 3
    for seen in upstream.seen:
        names = [tool["function"]["name"] for tool in seen.body["tools"]]
        assert (seen.body["model"], sorted(names)) == (
            "room/model",
            ["mcp__room__execute_sql", "mcp__room__get_schema"],
        )
        # The same text each time, so that it can be cached upstream and found again by a rehearsal's tape.
        assert seen.body["messages"][:2] == upstream.seen[0].body["messages"][:2]
    results = [message["content"] for message in upstream.seen[2].body["messages"] if message["role"] == "tool"]
    assert "amount" in results[0] and json.loads(results[1]) == [{"n": 3}]


def use(upstream: FakeUpstream, name: str, arguments: dict[str, str]) -> None:
    """The model uses a tool. Each use has a name of its own, as the program takes two of one name for the same."""
    calls = [call(f"mcp__room__{name}", json.dumps(arguments), ident=f"use_{name}")]
    upstream.answer(completion(None, tool_calls=calls))


def fail_always(upstream: FakeUpstream) -> None:
    for _ in range(30):
        upstream.answer({"error": {"message": "no"}}, status=500)


def break_off_once(upstream: FakeUpstream) -> None:
    upstream.stream({"content": "hal"}, finish=None)
    upstream.stream({"content": "There are seven."})


@pytest.fixture(scope="module")
def image(engine: DockerEngine) -> Iterator[str]:
    tag = f"hivemind-test-agent-sdk:{uuid.uuid4().hex[:8]}"
    yield engine.build_image(BuildSpec(tag=tag, context=PACKAGE)).id
    engine.close()
    engine.remove_image(tag)


@pytest.mark.parametrize(
    ("fields", "script", "expected"),
    [
        ({"model": False}, None, FAILED),
        ({"calls": 1}, None, FAILED),
        ({}, fail_always, FAILED),
        ({}, break_off_once, b"There are seven.\n"),
    ],
    ids=["no-model-in-the-room", "budget-used-up", "model-service-down", "answer-broken-off"],
)
def test_it_ends_by_itself_when_the_model_fails_it(
    engine: DockerEngine,
    image: str,
    fields: dict[str, Any],
    script: Callable[[FakeUpstream], None] | None,
    expected: bytes,
) -> None:
    spec = ContainerSpec(name=f"hm-test-{time.monotonic_ns()}", image=image, run_id="r", stage="query")
    with (
        engine.prepare(spec) as prepared,
        stage("query", listener=prepared.listen(8787), tools=[schema_tool(), sql_tool()], **fields) as room,
    ):
        if script is not None:
            script(room.upstream)
        else:
            use(room.upstream, "get_schema", {})
        prepared.release(GIVEN)
        ended = prepared.wait(time.monotonic() + 90)
    assert (ended.reason, ended.stdout) == (ExitReason.EXITED, expected), ended.stderr
