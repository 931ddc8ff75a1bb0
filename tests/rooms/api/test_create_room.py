"""POST /v1/rooms: what a new room looks like from outside."""

import re

import pytest

from agents.enums import AgentType
from attestation.links import parse_link
from attestation.verifier import verify_room
from rooms.models import Invite, Room, RoomKeyWrap
from tests.factories import rooms
from tests.factories.rooms import post
from tests.factories.tenants import Person, client


def test_the_answer_carries_the_room_its_invite_and_a_link_that_agree(alice: Person) -> None:
    scope = rooms.agent(alice)
    answer = post(alice.client, "/v1/rooms", {"name": " pilot ", "rules": "totals only", "scope_agent_id": scope.pk})
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"room_id", "room", "token", "token_id", "link"}
    assert re.fullmatch(r"room_[0-9a-f]{12}", body["room_id"])
    assert re.fullmatch(r"hmq_[A-Za-z0-9_-]{43}", body["token"])
    link = parse_link(body["link"])
    assert (link.room_id, link.token, link.service) == (body["room_id"], body["token"], "http://testserver")
    verified = verify_room(
        body["room"]["envelope"],
        room_id=body["room_id"],
        owner_pubkey_b64=link.owner_pubkey_b64,
        tenant_id=alice.tenant.pk,
        minimum_serial=1,
    )
    assert verified.manifest_hash == body["room"]["manifest_hash"]
    assert link.owner_pubkey_b64 == alice.tenant.signing_pubkey_b64


def test_a_room_made_of_defaults_has_the_shape_of_the_wire_format(alice: Person) -> None:
    scope = rooms.agent(alice)
    room = post(alice.client, "/v1/rooms", {"scope_agent_id": scope.pk}).json()["room"]
    manifest = room.pop("manifest")
    assert room.pop("envelope")["manifest"] == manifest
    created_at, room_id, manifest_hash = (room.pop(name) for name in ("created_at", "room_id", "manifest_hash"))
    assert isinstance(created_at, float) and created_at == manifest["created_at"]
    assert re.fullmatch(r"[0-9a-f]{64}", manifest_hash)
    assert room == {
        "name": "",
        "scope_agent_id": scope.pk,
        "fixed_query_agent_id": "",
        "fixed_mediator_agent_id": "",
        "query_mode": "uploadable",
        "output_visibility": "querier_only",
        "allowed_llm_providers": ["openrouter"],
        "allow_artifacts": True,
        "policy": "",
        "revoked_at": None,
    }
    assert manifest["room_id"] == room_id
    assert manifest["query"] == {"mode": "uploadable", "agent_id": "", "visibility": "sealed"}
    assert manifest["mediator"] == {"agent_id": ""}
    assert manifest["trust"] == {"mode": "operator_updates", "allowed_composes": []}
    assert manifest["allowed_tables"] == []
    assert manifest["serial"] == 1
    assert "updated_at" not in manifest and "expires_at" not in manifest


def test_everything_that_the_owner_says_is_signed(alice: Person, sales: str) -> None:
    scope, query, mediator = (rooms.agent(alice, kind) for kind in AgentType)
    body = {
        "name": "Café ☕",
        "rules": " totals only\r\n",
        "policy": "nothing below ten rows",
        "scope_agent_id": f" {scope.pk} ",
        "scope_visibility": "inspectable",
        "query_agent_id": query.pk,
        "mediator_agent_id": mediator.pk,
        "mediator_visibility": "inspectable",
        "output_visibility": "owner_and_querier",
        "egress": {"llm_providers": ["Tinfoil ", "openrouter", "tinfoil"], "allow_artifacts": False},
        "trust": {"mode": "pinned", "allowed_composes": [" AA ", "", "bb"]},
        "allowed_tables": [" Sales", "SALES"],
    }
    room = post(alice.client, "/v1/rooms", body).json()["room"]
    manifest = room["manifest"]
    assert manifest["name"] == "Café ☕"
    assert manifest["rules"] == " totals only\r\n"
    assert manifest["policy"] == room["policy"] == "nothing below ten rows"
    assert manifest["query"] == {"mode": "fixed", "agent_id": query.pk, "visibility": "inspectable"}
    assert manifest["mediator"] == {"agent_id": mediator.pk, "visibility": "inspectable"}
    assert manifest["output"] == {"visibility": "owner_and_querier"}
    assert manifest["egress"] == {"llm_providers": ["tinfoil", "openrouter"], "allow_artifacts": False}
    assert manifest["trust"] == {"mode": "pinned", "allowed_composes": ["aa", "bb"]}
    assert manifest["allowed_tables"] == ["Sales"]
    signed = {agent["role"]: agent for agent in manifest["agents"]}
    for role, agent in (("scope", scope), ("query", query), ("mediator", mediator)):
        assert signed[role] == {
            "role": role,
            "agent_id": agent.pk,
            "source_sha256": agent.source_sha256,
            "files_sha256": agent.files_digest,
            "image_id": agent.image_id,
        }


def test_rules_are_copied_into_the_policy_only_when_none_is_given(alice: Person) -> None:
    scope = rooms.agent(alice)
    asked = {"rules": "be brief", "scope_agent_id": scope.pk}
    assert post(alice.client, "/v1/rooms", asked).json()["room"]["policy"] == "be brief"
    assert post(alice.client, "/v1/rooms", asked | {"policy": None}).json()["room"]["policy"] == "be brief"
    assert post(alice.client, "/v1/rooms", asked | {"policy": ""}).json()["room"]["policy"] == ""


def test_an_image_that_is_still_being_built_is_not_signed(alice: Person) -> None:
    scope = rooms.agent(alice)
    scope.image_id = ""
    scope.save()
    room = post(alice.client, "/v1/rooms", {"scope_agent_id": scope.pk}).json()["room"]
    assert room["manifest"]["agents"][0]["image_id"] == ""


def test_the_invite_is_stored_as_a_hash_and_says_what_it_allows(alice: Person) -> None:
    scope, query = rooms.agent(alice), rooms.agent(alice, AgentType.QUERY, sealed=True)
    asked = {"rules": "r", "scope_agent_id": scope.pk, "query_mode": "fixed", "query_agent_id": query.pk}
    body = post(alice.client, "/v1/rooms", asked).json()
    told = client(body["token"]).get("/v1/whoami").json()
    assert told["role"] == "query" and told["token_id"] == body["token_id"] and told["sealed"] is False
    assert told["constraints"] == {
        "room_id": body["room_id"],
        "room_manifest_hash": body["room"]["manifest_hash"],
        "scope_agent_id": scope.pk,
        "can_upload_query_agent": False,
        "query_mode": "fixed",
        "fixed_query_agent_id": query.pk,
        "query_inspection_mode": "sealed",
        "output_visibility": "querier_only",
        "allowed_llm_providers": ["openrouter"],
        "allow_artifacts": True,
        "allowed_tables": [],
        "policy": "r",
    }
    invite = Invite.objects.get()
    assert body["token"] not in repr(invite.__dict__)
    assert invite.token_id == body["token_id"] == invite.token_hash[:12]


def test_owner_and_invite_hold_one_wrap_each(alice: Person) -> None:
    made = rooms.room(alice)
    holders = RoomKeyWrap.objects.filter(room_id=made.room_id).values_list("holder", flat=True)
    assert sorted(holders) == ["owner", f"query:{made.guest.token_id}"]


def test_the_stored_row_repeats_the_envelope_exactly(alice: Person) -> None:
    made = rooms.room(alice, name="pilot")
    row = Room.objects.get(pk=made.room_id)
    served = alice.client.get(made.url).json()
    assert (row.name, row.manifest_hash, row.serial) == ("pilot", served["manifest_hash"], 1)
    assert row.created_at.timestamp() == served["created_at"]


@pytest.mark.parametrize("bearer", ["invite", "share"])
def test_a_guest_makes_no_rooms(alice: Person, bearer: str) -> None:
    made = rooms.room(alice)
    token = made.invite if bearer == "invite" else made.share()
    answer = post(client(token), "/v1/rooms", {"scope_agent_id": "x"})
    assert answer.status_code == 403


def test_a_stranger_is_refused_before_the_body_is_read(db: None) -> None:
    answer = client("hmk_" + "x" * 43).post("/v1/rooms", "{not json", content_type="application/json")
    assert answer.status_code == 401


def test_row_policies_are_required_where_the_owner_says_so_and_nowhere_else(alice: Person) -> None:
    scope = rooms.agent(alice)
    demanding = post(alice.client, "/v1/rooms", {"scope_agent_id": scope.pk, "require_row_policies": True}).json()
    plain = post(alice.client, "/v1/rooms", {"scope_agent_id": scope.pk, "require_row_policies": False}).json()
    assert demanding["room"]["manifest"]["scope"]["require_row_policies"] is True
    assert "require_row_policies" not in plain["room"]["manifest"]["scope"]
