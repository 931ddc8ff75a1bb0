"""POST …/trust: the owner signs a new version of the same room."""

from typing import Any

import pytest

from attestation.manifests.room import TrustPolicy
from attestation.verifier import verify_room
from rooms.errors import ComposesMissing, LiveComposeUnknown
from rooms.services.trust import TrustChange, changed, initial
from tests.factories import rooms
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person

LIVE = "CC" * 32


def test_an_update_signs_the_same_room_with_a_new_serial(alice: Person, room: MadeRoom) -> None:
    before = alice.client.get(room.url).json()
    answer = post(alice.client, f"{room.url}/trust", {"mode": "owner_approved", "allowed_composes": [" AA ", ""]})
    assert answer.status_code == 200 and set(answer.json()) == {"room_id", "room"}
    after = answer.json()["room"]
    verify_room(
        after["envelope"],
        room_id=room.room_id,
        owner_pubkey_b64=alice.tenant.signing_pubkey_b64,
        tenant_id=alice.tenant.pk,
        minimum_serial=2,
    )
    old, new = before["manifest"], after["manifest"]
    assert new["trust"] == {"mode": "owner_approved", "allowed_composes": ["aa"]}
    assert new["serial"] == 2 and new["updated_at"] > new["created_at"] == old["created_at"]
    kept = old.keys() - {"trust", "serial"}
    assert {name: new[name] for name in kept} == {name: old[name] for name in kept}
    assert after["manifest_hash"] != before["manifest_hash"]
    assert alice.client.get(room.url).json() == after == room.bob.get(room.url).json()


def test_what_is_left_out_or_null_is_kept(alice: Person) -> None:
    room = rooms.room(alice, trust_mode="pinned", allowed_composes=("aa",))
    for body in ({}, {"mode": None, "allowed_composes": None, "append_live": False}):
        answer = post(alice.client, f"{room.url}/trust", body).json()["room"]["manifest"]
        assert answer["trust"] == {"mode": "pinned", "allowed_composes": ["aa"]}
    assert answer["serial"] == 3


def test_the_invites_snapshot_keeps_the_hash_of_its_day(alice: Person, room: MadeRoom) -> None:
    before = alice.client.get(room.url).json()["manifest_hash"]
    post(alice.client, f"{room.url}/trust", {"mode": "operator_updates"})
    assert room.bob.get("/v1/whoami").json()["constraints"]["room_manifest_hash"] == before


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"mode": "pinned"}, "composes_missing"),
        ({"mode": "owner_approved", "allowed_composes": [" "]}, "composes_missing"),
        ({"append_live": True}, "live_compose_unknown"),
    ],
)
def test_an_update_that_would_accept_no_build_is_refused(
    alice: Person, room: MadeRoom, body: dict[str, Any], code: str
) -> None:
    answer = post(alice.client, f"{room.url}/trust", body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert room.row.serial == 1


@pytest.mark.parametrize("body", [{"mode": "open"}, {"allowed": []}, {"allowed_composes": "aa"}, {"append_live": "?"}])
def test_a_malformed_update_is_a_422(alice: Person, room: MadeRoom, body: dict[str, Any]) -> None:
    assert post(alice.client, f"{room.url}/trust", body).status_code == 422


def test_guests_do_not_change_trust(room: MadeRoom) -> None:
    assert post(room.bob, f"{room.url}/trust", {}).status_code == 403


@pytest.mark.parametrize("mode", ["pinned", "owner_approved"])
def test_a_new_room_without_a_list_accepts_the_running_build(mode: str) -> None:
    assert initial(mode, (), live_compose=LIVE) == TrustPolicy(mode, ("cc" * 32,))
    assert initial(mode, ("aa",), live_compose=LIVE) == TrustPolicy(mode, ("aa",))
    with pytest.raises(LiveComposeUnknown):
        initial(mode, (), live_compose="")


def test_a_room_that_follows_the_operator_needs_no_list() -> None:
    assert initial("operator_updates", (), live_compose="") == TrustPolicy("operator_updates", ())


def test_the_running_build_is_appended_once_in_lower_case() -> None:
    old = TrustPolicy("owner_approved", ("aa",))
    once = changed(old, TrustChange(append_live=True), live_compose=LIVE)
    assert once == TrustPolicy("owner_approved", ("aa", "cc" * 32))
    assert changed(once, TrustChange(append_live=True), live_compose=LIVE) == once
    replaced = changed(once, TrustChange(allowed_composes=("bb",), append_live=True), live_compose=LIVE)
    assert replaced.allowed_composes == ("bb", "cc" * 32)
    with pytest.raises(ComposesMissing):
        changed(once, TrustChange(allowed_composes=()), live_compose=LIVE)
