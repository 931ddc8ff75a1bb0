"""An operator offers an image with an agent on Hermes: in a room it has its role, and with it the stage's tools."""

import json
import subprocess
import uuid
from collections.abc import Iterator

import pytest

from agents.models import Agent
from hivemind.kit.conf import override
from tests.agents.base_hermes.hermes import context
from tests.agents.default.scripted import say
from tests.factories import packages, rooms
from tests.factories.platform import Platform
from tests.runner.llm.fake_upstream import FakeUpstream, completion, serving

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

OFFERED = "default-query-hermes"


@pytest.fixture
def upstream(platform: Platform) -> Iterator[FakeUpstream]:
    tag = f"hivemind-test-offered-hermes:{uuid.uuid4().hex[:10]}"
    made = ["docker", "build", "--quiet", "--network", "none", "--tag", tag, "-"]
    subprocess.run(made, input=context(), check=True, capture_output=True)
    with (
        serving() as fake,
        override("llm", base_url=fake.url, api_key="sk-test"),
        override("defaults", query_hermes_image=tag),
    ):
        yield fake
    platform.tags += [Agent.objects.get(pk=OFFERED).image_tag, tag]


def test_hermes_reads_through_the_rooms_filter_and_answers(platform: Platform, upstream: FakeUpstream) -> None:
    scope = platform.agent("scope", packages.ALLOW_ALL)
    room = rooms.room(
        platform.alice,
        scope_agent_id=scope,
        query_agent_id=OFFERED,
        query_mode="fixed",
        allowed_tables=("sales",),
    )
    for number, sql in enumerate(("SELECT sum(amount) AS total FROM sales", "SELECT word FROM secrets")):
        called = {"name": "execute_sql", "arguments": json.dumps({"sql": sql})}
        upstream.answer(completion(None, tool_calls=[{"id": f"call_{number}", "type": "function", "function": called}]))
    say(upstream, "The total is 60.50.")
    body = platform.ask(room, "What is the total?")
    assert (body["status"], body["output"]) == ("completed", "The total is 60.50."), body["error"]
    told = [seen.body["messages"][-1]["content"] for seen in upstream.seen]
    assert "60.50" in told[1]
    assert "error" in told[2] and "canary" not in told[2]
    assert body["usage"]["total_tokens"] > 0
