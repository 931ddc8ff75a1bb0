"""POST /v1/rooms: what is refused, with which status, and that nothing is left behind."""

from typing import Any

import pytest

from agents.enums import AgentType
from rooms.models import Invite, Room
from tenants.databases import session
from tests.factories import rooms
from tests.factories.rooms import post
from tests.factories.tenants import Person

MALFORMED: list[tuple[dict[str, Any], list[str]]] = [
    ({"allow_artifacts": False}, ["allow_artifacts"]),
    ({"egress": {"artifacts": False}}, ["egress", "artifacts"]),
    ({"trust": {"modes": "pinned"}}, ["trust", "modes"]),
    ({"scope_agent_id": ""}, ["scope_agent_id"]),
    ({"scope_agent_id": "  "}, ["scope_agent_id"]),
    ({"scope_agent_id": None}, ["scope_agent_id"]),
    ({"name": None}, ["name"]),
    ({"name": 5}, ["name"]),
    ({"name": "x\0y"}, ["name"]),
    ({"rules": "\ud800"}, ["rules"]),
    ({"rules": "x" * 200_001}, ["rules"]),
    ({"query_mode": "open"}, ["query_mode"]),
    ({"query_mode": "fixed"}, ["query_agent_id"]),
    ({"query_mode": "fixed", "query_agent_id": " "}, ["query_agent_id"]),
    ({"query_visibility": None}, ["query_visibility"]),
    ({"scope_visibility": "full"}, ["scope_visibility"]),
    ({"output_visibility": "everybody"}, ["output_visibility"]),
    ({"egress": {"llm_providers": ["acme"]}}, ["egress", "llm_providers"]),
    ({"egress": {"llm_providers": None}}, ["egress", "llm_providers"]),
    ({"egress": None}, ["egress"]),
    ({"trust": {"mode": "everything"}}, ["trust", "mode"]),
    ({"allowed_tables": None}, ["allowed_tables"]),
    ({"allowed_tables": "sales"}, ["allowed_tables"]),
    ({"allowed_tables": ["sales; drop table x"]}, ["allowed_tables"]),
    ({"allowed_tables": ["_hivemind_runs"]}, ["allowed_tables"]),
    ({"allowed_tables": ["x" * 64]}, ["allowed_tables"]),
    ({"expires_at": "tomorrow"}, ["expires_at"]),
]


@pytest.mark.parametrize(("change", "where"), MALFORMED)
def test_a_malformed_request_is_a_422_that_names_the_field(
    alice: Person, change: dict[str, Any], where: list[str]
) -> None:
    body = {"scope_agent_id": rooms.agent(alice).pk} | change
    answer = post(alice.client, "/v1/rooms", body)
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][: 1 + len(where)] == ["body", *where]
    assert not Room.objects.exists()


def test_broken_json_is_a_422(alice: Person) -> None:
    answer = alice.client.post("/v1/rooms", "{", content_type="application/json")
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["type"] == "json_invalid"


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("scope_agent_id", AgentType.QUERY),
        ("scope_agent_id", AgentType.MEDIATOR),
        ("query_agent_id", AgentType.SCOPE),
        ("mediator_agent_id", AgentType.QUERY),
    ],
)
def test_an_agent_is_refused_for_a_stage_it_was_not_made_for(alice: Person, field: str, kind: AgentType) -> None:
    body = {"scope_agent_id": rooms.agent(alice).pk, field: rooms.agent(alice, kind).pk}
    answer = post(alice.client, "/v1/rooms", body)
    assert answer.status_code == 400
    assert field in answer.json()["detail"] and kind in answer.json()["detail"]
    assert not Room.objects.exists()


@pytest.mark.parametrize("role", ["scope", "query", "mediator"])
@pytest.mark.parametrize("whose", ["nobody", "carol", "guest"])
def test_an_agent_that_is_not_the_owners_to_name_is_not_found(
    alice: Person, carol: Person, role: str, whose: str
) -> None:
    kind = AgentType(role)
    named = {
        "nobody": "0" * 12,
        "carol": rooms.agent(carol, kind).pk,
        "guest": rooms.agent(alice, kind, room_id="room_0123456789ab").pk,
    }[whose]
    answer = post(alice.client, "/v1/rooms", {"scope_agent_id": rooms.agent(alice).pk, f"{role}_agent_id": named})
    assert answer.status_code == 404
    assert answer.json()["detail"] == f"{role.capitalize()} agent not found"


@pytest.mark.parametrize("role", ["scope", "mediator"])
def test_a_visibility_that_the_agent_does_not_have_is_refused(alice: Person, role: str) -> None:
    sealed = rooms.agent(alice, AgentType(role), sealed=True)
    body = {"scope_agent_id": rooms.agent(alice).pk, f"{role}_agent_id": sealed.pk, f"{role}_visibility": "inspectable"}
    answer = post(alice.client, "/v1/rooms", body)
    assert answer.status_code == 400
    assert "uploaded as sealed" in answer.json()["detail"]


def test_the_visibility_of_a_fixed_query_agent_is_the_agents_own(alice: Person) -> None:
    sealed = rooms.agent(alice, AgentType.QUERY, sealed=True)
    body = {
        "scope_agent_id": rooms.agent(alice).pk,
        "query_agent_id": sealed.pk,
        "query_visibility": "inspectable",
    }
    manifest = post(alice.client, "/v1/rooms", body).json()["room"]["manifest"]
    assert manifest["query"]["visibility"] == "sealed"


def test_tables_must_exist(alice: Person, sales: str) -> None:
    body = {"scope_agent_id": rooms.agent(alice).pk, "allowed_tables": [sales, "wages", "secrets"]}
    answer = post(alice.client, "/v1/rooms", body)
    assert answer.status_code == 400
    assert "wages, secrets" in answer.json()["detail"] and sales not in answer.json()["detail"]


def test_a_name_that_could_mean_two_tables_is_refused(alice: Person, sales: str) -> None:
    with session.owner_connection(alice.tenant) as connection:
        connection.execute('CREATE TABLE "Sales" (id int)')
    body = {"scope_agent_id": rooms.agent(alice).pk, "allowed_tables": ["SALES"]}
    answer = post(alice.client, "/v1/rooms", body)
    assert answer.status_code == 400
    assert "several spellings: SALES" in answer.json()["detail"]
    exact = post(alice.client, "/v1/rooms", body | {"allowed_tables": ["Sales"]})
    assert exact.status_code == 200


@pytest.mark.parametrize("mode", ["pinned", "owner_approved"])
def test_a_restricting_trust_mode_without_a_known_build_is_refused(alice: Person, mode: str) -> None:
    body = {"scope_agent_id": rooms.agent(alice).pk, "trust": {"mode": mode, "allowed_composes": [" "]}}
    answer = post(alice.client, "/v1/rooms", body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "live_compose_unknown"


def test_a_room_cannot_end_before_it_begins(alice: Person) -> None:
    body = {"scope_agent_id": rooms.agent(alice).pk, "expires_at": 1_000_000_000}
    assert post(alice.client, "/v1/rooms", body).json()["code"] == "expiry_past"
    assert not Room.objects.exists() and not Invite.objects.exists()


def test_an_uploadable_room_signs_no_query_agent_even_if_one_is_named(alice: Person) -> None:
    query = rooms.agent(alice, AgentType.QUERY)
    body = {"scope_agent_id": rooms.agent(alice).pk, "query_mode": "uploadable", "query_agent_id": query.pk}
    room = post(alice.client, "/v1/rooms", body).json()["room"]
    assert room["manifest"]["query"] == {"mode": "uploadable", "agent_id": "", "visibility": "sealed"}
    assert [agent["role"] for agent in room["manifest"]["agents"]] == ["scope"]
