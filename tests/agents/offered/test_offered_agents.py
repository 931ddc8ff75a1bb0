"""Agents that the service offers to every tenant: stored once, inspectable, pinned where the owner leaves it open."""

from pathlib import Path

import pytest

from agents.models import Agent, SourceKeyWrap
from agents.packages import folder
from agents.services import defaults, sweep
from attestation import digests
from hivemind.kit.audit import Actor
from hivemind.kit.conf import conf, override
from hivemind.kit.handoff import WorkerIdentity
from rooms.errors import AgentNotFound
from rooms.models import Room
from tenants.models import SERVICE_TENANT_ID, Tenant
from tests.agents.default.scripted import AGENTS
from tests.factories import rooms
from tests.factories.tenants import Person

HERMES = "default-query-hermes"
IDS = {"default-scope", "default-query", "default-mediator"}


def ids_of(person: Person) -> set[str]:
    return {agent["agent_id"] for agent in person.client.get("/v1/room-agents").json()}


def test_nothing_is_offered_unless_an_image_is_set(alice: Person) -> None:
    defaults.register()
    assert Agent.objects.count() == 0
    with override("defaults", scope_image="hivemind-default-scope", autoload=False):
        defaults.register()
    assert Agent.objects.count() == 0


def test_every_tenant_sees_what_is_offered_with_the_operators_limits(
    alice: Person, bob: Person, offering: None
) -> None:
    assert ids_of(alice) == ids_of(bob) == IDS
    body = alice.client.get("/v1/room-agents/default-query").json()
    assert (body["agent_type"], body["inspection_mode"], body["harness"]) == ("query", "full", "claude_code")
    limits = (body["memory_mb"], body["max_llm_calls"], body["max_tokens"], body["timeout_seconds"])
    budgets = conf.budgets
    assert limits == (
        conf.sandbox.memory_mb,
        budgets.max_llm_calls,
        budgets.max_tokens,
        budgets.stage_timeout_seconds,
    )


def test_the_source_is_the_folder_and_the_digests_say_so(alice: Person, offering: None) -> None:
    files = folder.read(AGENTS / "default-scope")
    text = alice.client.get("/v1/room-agents/default-scope/files/agent.py")
    assert text.content == (AGENTS / "default-scope" / "agent.py").read_bytes()
    told = alice.client.get("/v1/room-agents/default-scope/attest").json()
    assert told["source_sha256"] == digests.source_digest(files)
    assert told["files_digest_sha256"] == digests.files_digest(files)


def test_the_service_itself_is_in_no_list_of_tenants(alice: Person, offering: None) -> None:
    assert not Tenant.objects.filter(pk=SERVICE_TENANT_ID).exists()
    assert Tenant.everybody.get(pk=SERVICE_TENANT_ID).suspended


def test_a_room_that_names_nobody_gets_the_offered_query_agent_and_mediator_signed(
    alice: Person, offering: None, worker: WorkerIdentity
) -> None:
    made = rooms.room(alice, scope_agent_id="default-scope")
    manifest = alice.client.get(made.url).json()["manifest"]
    assert manifest["scope"]["agent_id"] == "default-scope"
    assert manifest["query"] == {"mode": "fixed", "agent_id": "default-query", "visibility": "inspectable"}
    assert manifest["mediator"]["agent_id"] == "default-mediator"
    signed = {agent["agent_id"]: agent["source_sha256"] for agent in manifest["agents"]}
    assert signed == {agent.pk: agent.source_sha256 for agent in Agent.objects.filter(pk__in=IDS)}
    assert not SourceKeyWrap.objects.exists()


def test_what_the_owner_says_counts(alice: Person, offering: None) -> None:
    own = rooms.agent(alice, "mediator").pk
    made = rooms.room(alice, query_mode="uploadable", mediator_agent_id=own)
    manifest = alice.client.get(made.url).json()["manifest"]
    assert (manifest["query"]["mode"], manifest["query"]["agent_id"]) == ("uploadable", "")
    assert manifest["mediator"]["agent_id"] == own


def test_a_guest_sees_those_that_its_room_names_and_reads_their_source(alice: Person, offering: None) -> None:
    bob = rooms.room(alice, scope_agent_id="default-scope", query_mode="uploadable").bob
    assert bob.get("/v1/room-agents/default-scope/files/agent.py").status_code == 200
    assert bob.get("/v1/room-agents/default-query").status_code == 404


def test_nobody_deletes_or_sweeps_an_offered_agent(alice: Person, offering: None) -> None:
    assert alice.client.delete("/v1/room-agents/default-scope").status_code == 409
    Agent.objects.update(image_id="")
    assert sweep.sweep(actor=Actor.system("test"), dry_run=False) == []
    assert ids_of(alice) == IDS


def test_what_is_offered_no_more_cannot_be_named_but_old_rooms_keep_it(alice: Person, offering: None) -> None:
    made = rooms.room(alice, scope_agent_id="default-scope")
    with override("defaults", autoload=False):
        assert ids_of(alice) == set()
        with pytest.raises(AgentNotFound):
            rooms.room(alice, scope_agent_id="default-scope")
        assert alice.client.get(f"{made.url}/attest").status_code == 200


def test_a_room_stores_what_no_worker_has_stored_yet(alice: Person) -> None:
    with override("defaults", scope_image="ghcr.io/somebody/hivemind-default-scope:1.2@sha256:abc"):
        rooms.room(alice, scope_agent_id="default-scope")
    assert Agent.objects.get(pk="default-scope").files.count() == len(folder.read(AGENTS / "default-scope"))


def test_the_namesake_on_the_second_base_is_stored_with_the_code_that_it_shares(alice: Person) -> None:
    with override("defaults", query_hermes_image="hivemind-default-query-hermes"):
        defaults.register()
        code = alice.client.get(f"/v1/room-agents/{HERMES}/files/agent.py").content
        dockerfile = alice.client.get(f"/v1/room-agents/{HERMES}/files/Dockerfile").content
    assert code == (AGENTS / "default-query" / "agent.py").read_bytes()
    assert dockerfile.startswith(b"FROM hivemind-agent-base-hermes:latest\n")


def test_another_source_replaces_the_stored_one_and_rooms_signed_before_say_so(
    alice: Person, offering: None, tmp_path: Path
) -> None:
    made = rooms.room(alice, scope_agent_id="default-scope", query_mode="uploadable")
    (tmp_path / "default-scope").mkdir()
    (tmp_path / "default-scope" / "Dockerfile").write_text("FROM hivemind-agent-base:latest\n")
    before = Agent.objects.get(pk="default-scope").source_sha256
    with override("defaults", bundled_agents_dir=str(tmp_path), scope_image="default-scope"):
        defaults.register()
        defaults.register()
    after = Agent.objects.get(pk="default-scope")
    assert (after.source_sha256 == before, after.files.count(), after.image_id) == (False, 1, "")
    answer = alice.client.get(f"{made.url}/attest")
    assert answer.status_code == 409, answer.content


def test_an_unusable_folder_offers_nothing_and_stops_nothing(alice: Person, tmp_path: Path) -> None:
    (tmp_path / "default-query").mkdir()
    (tmp_path / "default-query" / "Dockerfile").symlink_to("/etc/hostname")
    images = {"scope_image": "default-scope", "query_image": "default-query", "mediator_image": "registry.local/m:1"}
    with override("defaults", bundled_agents_dir=str(tmp_path), **images):
        defaults.register()
        assert ids_of(alice) == {"default-mediator"}
        text = alice.client.get("/v1/room-agents/default-mediator/files/Dockerfile").content
        assert text == b"FROM registry.local/m:1\n"


@pytest.mark.parametrize(
    ("values", "ids", "pinned"),
    [
        ({"query_hermes_image": "x"}, {"default-query-hermes"}, ""),
        ({"query_hermes_image": "x", "query_agent": HERMES}, {HERMES}, HERMES),
        ({"query_image": "x", "query_hermes_image": "y"}, {"default-query", "default-query-hermes"}, "default-query"),
        ({"query_image": "x", "query_agent": "house-query"}, {"house-query"}, "house-query"),
        ({"query_image": "x", "query_agent": "0123456789ab"}, {"default-query"}, "0123456789ab"),
        ({"query_image": "x", "query_agent": "../x"}, {"default-query"}, "../x"),
    ],
)  # fmt: skip
def test_the_settings_name_what_is_offered_and_what_is_pinned(
    values: dict[str, str], ids: set[str], pinned: str
) -> None:
    from agents import defaults as offer

    with override("defaults", **values):
        assert offer.offered_ids() == ids
        assert offer.pinned("query") == pinned


def test_another_tenants_uploads_stay_out_of_reach(alice: Person, bob: Person, offering: None) -> None:
    foreign = rooms.agent(bob).pk
    with pytest.raises(AgentNotFound):
        rooms.room(alice, scope_agent_id=foreign)
    assert alice.client.get(f"/v1/room-agents/{foreign}").status_code == 404
    assert not Room.objects.exists()
