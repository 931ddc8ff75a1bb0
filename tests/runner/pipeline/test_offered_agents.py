"""The service's own agents answer a question of a room that names none, and keep it closed without a model."""

import json
from collections.abc import Iterator

import pytest

from agents.models import Agent
from hivemind.kit.conf import override
from tests.agents.default.scripted import call, say
from tests.factories import rooms
from tests.factories.platform import Platform
from tests.runner.llm.fake_upstream import FakeUpstream, serving

pytestmark = pytest.mark.docker

IMAGES = {f"{role}_image": f"hivemind-default-{role}" for role in ("scope", "query", "mediator")}
TOTALS_ONLY = (
    "def scope(sql, params, rows):\n"
    "    if 'sum(' not in sql.lower():\n"
    "        return {'allow': bool([]), 'rows': [], 'error': 'only totals are shown'}\n"
    "    return {'allow': True, 'rows': rows}\n"
)


@pytest.fixture
def upstream(platform: Platform) -> Iterator[FakeUpstream]:
    with serving() as fake, override("llm", base_url=fake.url, api_key="sk-test"), override("defaults", **IMAGES):
        yield fake
        platform.tags += [agent.image_tag for agent in Agent.objects.filter(pk__startswith="default-")]


def test_all_three_stages_run_on_the_rooms_model(platform: Platform, upstream: FakeUpstream) -> None:
    room = rooms.room(
        platform.alice, scope_agent_id="default-scope", rules="Only totals may be shown.", allowed_tables=("sales",)
    )
    say(upstream, json.dumps({"scope_fn": TOTALS_ONLY}))
    call(upstream, "execute_sql", {"sql": "SELECT id FROM sales"})
    call(upstream, "execute_sql", {"sql": "SELECT sum(amount) AS total FROM sales"})
    say(upstream, "The total is 60.50.", "Checked: the total is 60.50.")
    body = platform.ask(room, "What is the total?")
    assert (body["status"], body["output"]) == ("completed", "Checked: the total is 60.50."), body["error"]
    told = [json.dumps(seen.body["messages"]) for seen in upstream.seen]
    assert "only totals are shown" in told[2]
    assert "60.50" in told[3]
    assert body["scope_mode"] == "fast"
    agents = {agent["agent_id"]: agent for agent in body["attestation"]["body"]["agents"]}
    assert agents.keys() == {"default-scope", "default-query", "default-mediator"}


def test_without_models_the_room_stays_closed_and_says_so(platform: Platform, upstream: FakeUpstream) -> None:
    room = rooms.room(
        platform.alice,
        scope_agent_id="default-scope",
        rules="Only totals may be shown.",
        allowed_tables=("sales",),
        llm_providers=(),
    )
    body = platform.ask(room, "What is the total?")
    assert body["status"] == "completed", body["error"]
    assert body["output"] == "The answer could not be checked against the room's rules, so it is not shown."
    assert upstream.seen == []


def test_row_policies_of_the_scope_agent_stand_between_the_query_agent_and_the_table(
    platform: Platform, upstream: FakeUpstream
) -> None:
    room = rooms.room(
        platform.alice, scope_agent_id="default-scope", rules="Nothing above 25 may count.", allowed_tables=("sales",)
    )
    say(upstream, json.dumps({"row_policies": {"sales": {"columns": ["amount"], "where": "amount <= 25"}}}))
    call(upstream, "execute_sql", {"sql": "SELECT sum(amount) AS total, count(*) AS n FROM sales"})
    call(upstream, "execute_sql", {"sql": "SELECT id FROM sales"})
    say(upstream, "The total is 30.50.", "The total is 30.50.")
    body = platform.ask(room, "What is the total?")
    assert body["status"] == "completed", body["error"]
    told = [json.dumps(seen.body["messages"]) for seen in upstream.seen]
    assert "30.50" in told[2]
    assert "60.50" not in told[3]
    assert "error" in told[3]


def test_the_scope_agent_knows_that_the_room_requires_row_policies(platform: Platform, upstream: FakeUpstream) -> None:
    room = rooms.room(
        platform.alice,
        scope_agent_id="default-scope",
        rules="Nothing above 25 may count.",
        allowed_tables=("sales",),
        require_row_policies=True,
    )
    say(upstream, json.dumps({"scope_fn": TOTALS_ONLY}))
    say(upstream, json.dumps({"row_policies": {"sales": {"columns": ["amount"], "where": "amount <= 25"}}}))
    say(upstream, "Nothing to tell.", "Nothing to tell.")
    body = platform.ask(room, "What is the total?")
    assert (body["status"], body["scope_enforcement"]) == ("completed", ["row_policies"]), body["error"]
    told = [json.dumps(seen.body["messages"]) for seen in upstream.seen]
    assert "This room requires row policies" in told[0]


def test_a_report_is_left_as_files_that_the_mediator_has_checked(platform: Platform, upstream: FakeUpstream) -> None:
    room = rooms.room(platform.alice, scope_agent_id="default-scope", rules="Only totals.", allowed_tables=("sales",))
    report = "# Findings\n\n" + "The total is 60.50. " * 150
    say(upstream, json.dumps({"scope_fn": TOTALS_ONLY}), report, "# Checked", "# Checked file")
    body = platform.ask(room, "Write a research report about sales")
    assert (body["status"], body["output"]) == ("completed", "# Checked"), body["error"]
    names = {artifact["filename"] for artifact in body["artifacts"]}
    assert names == {"report.md", "report.pdf"}
    answer = room.bob.get(f"/v1/runs/{body['run_id']}/artifacts/report.md")
    assert b"".join(answer.streaming_content) == b"# Checked file"
