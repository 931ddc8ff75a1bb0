"""GET /v1/rooms/{room_id}/attest: everything a client needs to verify, and nothing that does not hold."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agents.enums import AgentType
from agents.models import Agent
from tests.factories import rooms
from tests.factories.tenants import Person, client

ATTESTATION = {
    "agent_id",
    "agent",
    "inspection_mode",
    "files_count",
    "files_digest_sha256",
    "attested_files_count",
    "attested_files_digest_sha256",
    "image_digest",
    "attestation",
}


def test_an_uploadable_room_attests_its_scope_agent_and_the_service(alice: Person) -> None:
    scope = rooms.agent(alice, sealed=True)
    made = rooms.room(alice, scope_agent_id=scope.pk)
    body = made.bob.get(f"{made.url}/attest").json()
    assert set(body) == {"room", "scope_agent", "query_agent", "mediator_agent", "attestation"}
    assert body["room"] == alice.client.get(made.url).json()
    assert body["query_agent"] is None and body["mediator_agent"] is None
    assert body["attestation"]["ready"] is False
    told = body["scope_agent"]
    assert set(told) >= ATTESTATION
    assert (told["agent_id"], told["inspection_mode"]) == (scope.pk, "sealed")
    assert (told["files_count"], told["files_digest_sha256"]) == (1, scope.files_digest)
    assert told["image_digest"] == {"id": scope.image_id, "repo_digests": []}


def test_a_fixed_room_attests_all_its_agents_for_every_role_in_three_queries(alice: Person) -> None:
    scope, query, mediator = (rooms.agent(alice, kind) for kind in AgentType)
    made = rooms.room(alice, scope_agent_id=scope.pk, query_agent_id=query.pk, mediator_agent_id=mediator.pk)
    for by in (alice.client, made.bob, client(made.share())):
        with CaptureQueriesContext(connection) as seen:
            body = by.get(f"{made.url}/attest").json()
        assert len(seen) == 3  # the bearer, the room, the agents
        named = (body["scope_agent"], body["query_agent"], body["mediator_agent"])
        assert [told["agent_id"] for told in named] == [scope.pk, query.pk, mediator.pk]


@pytest.mark.parametrize("column", ["source_sha256", "files_digest"])
def test_an_agent_that_is_no_longer_what_was_signed_is_refused(alice: Person, column: str) -> None:
    scope = rooms.agent(alice)
    made = rooms.room(alice, scope_agent_id=scope.pk)
    Agent.objects.filter(pk=scope.pk).update(**{column: "0" * 64})
    answer = made.bob.get(f"{made.url}/attest")
    assert answer.status_code == 409
    assert answer.json()["code"] == "agent_replaced"


def test_an_agent_that_is_gone_is_a_404(alice: Person) -> None:
    scope = rooms.agent(alice)
    made = rooms.room(alice, scope_agent_id=scope.pk)
    scope.delete()
    assert made.bob.get(f"{made.url}/attest").status_code == 404


def test_an_agent_that_moved_to_another_tenant_is_not_found(alice: Person, carol: Person) -> None:
    scope = rooms.agent(alice)
    made = rooms.room(alice, scope_agent_id=scope.pk)
    Agent.objects.filter(pk=scope.pk).update(tenant=carol.tenant)
    assert made.bob.get(f"{made.url}/attest").status_code == 404
