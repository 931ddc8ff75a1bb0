"""A room that its owner ended stays ended on every machine that saw the signature, whatever a service shows later."""

import json
from typing import Any

import pytest

from attestation.keys import SigningKey
from tests.hmctl import rows
from tests.hmctl.http_service import Reply
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

ROOM = "room_0123456789ab"
GONE = Reply({"detail": "Missing or invalid token"}, status=401)


@pytest.fixture
def ended(service: LyingService) -> dict[str, Any]:
    """Alice's signed statement, which an honest service shows to anybody."""
    statement = rows.revocation(service.rooms[ROOM], key=service.owner_key)
    service.rooms[ROOM]["revocation"] = statement
    return statement


def _rolled_back(service: LyingService) -> None:
    """The service of before the revocation: same envelope, invite and runs."""
    service.answers.clear()
    service.rooms[ROOM] |= {"revoked_at": None, "revocation": None}
    service.asked.clear()


def test_bob_learns_the_end_with_a_dead_invite(bob: Shell, service: LyingService, ended: dict[str, Any]) -> None:
    service.answer("GET", ".*/attest", GONE)

    shown = bob("room", "inspect", service.link(), "--json")

    error = json.loads(shown.out)["error"]
    assert (shown.code, error["code"], error["check"]) == (1, "room_revoked", "revocation")
    (asked,) = service.requests("GET", ".*/revocation")
    assert not asked.bearer


@pytest.mark.parametrize("verb", ["inspect", "accept", "ask"])
def test_a_rolled_back_service_does_not_bring_the_room_back(
    verb: str, accepted: Shell, service: LyingService, ended: dict[str, Any]
) -> None:
    service.answer("GET", ".*/attest", GONE)
    assert accepted("room", "inspect", service.link()).code == 1
    _rolled_back(service)

    shown = accepted("room", verb, service.link(), *(["How much?"] if verb == "ask" else []))

    assert shown.code == 1 and shown.out == ""
    assert "was revoked by its owner" in shown.err
    assert service.asked == []


def test_another_service_with_the_old_envelope_is_refused_too(
    bob: Shell, service: LyingService, ended: dict[str, Any]
) -> None:
    service.answer("GET", ".*/attest", GONE)
    assert bob("room", "inspect", service.link()).code == 1
    other = LyingService()
    try:
        other.owner_key = service.owner_key
        other.publish(other.manifest())
        shown = bob("room", "inspect", other.link(owner=service.owner_key.public_b64))
    finally:
        other.close()

    assert shown.code == 1
    assert "was revoked by its owner" in shown.err


def test_an_owner_who_revoked_is_not_shown_the_room_as_living(alice: Shell, service: LyingService) -> None:
    assert alice("room", "revoke", ROOM, "-y").code == 0
    _rolled_back(service)

    assert alice("room", "inspect", ROOM).code == 1
    assert "was revoked by its owner" in alice("room", "inspect", ROOM).err
    listed = alice("room", "list")
    assert "room_0123456789ab  revoked " in listed.out
    assert "shows it as if it were in force" in listed.err


UNPROVEN: dict[str, Any] = {
    "nothing": None,
    "a bare word": "revoked",
    "an empty statement": {},
    "an unsigned one": {"statement": {"room_id": ROOM}, "signature_b64": "", "signer_pubkey_b64": ""},
}


@pytest.mark.parametrize("claim", UNPROVEN)
def test_a_claim_without_the_owners_signature_is_reported_as_unproven(
    claim: str, bob: Shell, service: LyingService
) -> None:
    service.answer("GET", ".*/attest", Reply({"detail": "This room has been revoked"}, status=403))
    service.answer("GET", ".*/revocation", {"room_id": ROOM, "revocation": UNPROVEN[claim]})

    error = json.loads(bob("room", "inspect", service.link(), "--json").out)["error"]

    assert error["code"] in ("revocation_unproven", "signature_or_signer_missing")
    assert error["check"] in ("revocation", "envelope parts")
    _rolled_back(service)
    assert bob("room", "inspect", service.link()).code == 0


def test_carols_signature_ends_no_room_of_alice(bob: Shell, service: LyingService) -> None:
    carol = SigningKey.generate()
    forged = rows.revocation(service.rooms[ROOM], key=carol)
    service.answer("GET", ".*/attest", Reply({"detail": "This room has been revoked"}, status=403))
    service.answer("GET", ".*/revocation", {"room_id": ROOM, "revocation": forged})

    error = json.loads(bob("room", "inspect", service.link(), "--json").out)["error"]

    assert error["code"] == "signer_is_not_link_key"
    _rolled_back(service)
    assert bob("room", "inspect", service.link()).code == 0


def test_the_end_of_another_room_does_not_count(bob: Shell, service: LyingService) -> None:
    other = rows.revocation(service.rooms[ROOM], key=service.owner_key, room_id="room_ffffffffffff")
    service.answer("GET", ".*/attest", GONE)
    service.answer("GET", ".*/revocation", {"room_id": ROOM, "revocation": other})

    shown = bob("room", "inspect", service.link())

    assert shown.code == 1 and "401" in shown.err


def test_a_room_shown_with_its_own_end_is_refused(bob: Shell, service: LyingService, ended: dict[str, Any]) -> None:
    assert "was revoked by its owner" in bob("room", "inspect", service.link()).err


def test_a_remembered_end_that_was_tampered_with_is_a_damaged_store(
    bob: Shell, service: LyingService, ended: dict[str, Any]
) -> None:
    bob("room", "inspect", service.link())
    store = bob.home / "known-rooms.json"
    assert store.stat().st_mode & 0o777 == 0o600
    content = json.loads(store.read_text())
    (kept,) = content["revoked"].values()
    kept["statement"]["serial"] = 7
    store.write_text(json.dumps(content))
    _rolled_back(service)

    error = json.loads(bob("room", "inspect", service.link(), "--json").out)["error"]

    assert error["code"] == "store_damaged"


def test_an_older_version_seen_elsewhere_is_refused_here(bob: Shell, service: LyingService) -> None:
    service.publish(service.manifest(rules="Stricter.", serial=2, updated_at=1767225900.0))
    assert bob("room", "inspect", service.link()).code == 0
    other = LyingService()
    try:
        other.owner_key = service.owner_key
        other.publish(other.manifest())
        shown = bob("room", "inspect", other.link(owner=service.owner_key.public_b64))
    finally:
        other.close()

    assert shown.code == 1 and "older version" in shown.err


def test_lists_notice_an_older_version_too(alice: Shell, service: LyingService) -> None:
    service.publish(service.manifest(rules="Stricter.", serial=2, updated_at=1767225900.0))
    assert alice("room", "inspect", ROOM).code == 0
    service.publish(service.manifest())

    assert "NOT VERIFIED" in alice("room", "list").out


def test_a_revocation_that_the_service_did_not_sign_is_told(alice: Shell, service: LyingService) -> None:
    service.answer("DELETE", f"/v1/rooms/{ROOM}", {"status": "ok", "room_id": ROOM, "invites_revoked": 1})

    shown = alice("room", "revoke", ROOM, "-y")

    assert shown.code == 0 and "Signed:     no" in shown.out
    assert "no statement was signed" in shown.err


def test_the_end_of_a_room_that_the_operator_ended_is_signed_later(alice: Shell, service: LyingService) -> None:
    signed = rows.revocation(service.rooms[ROOM], key=service.owner_key)
    service.answer("DELETE", f"/v1/rooms/{ROOM}", Reply({"detail": "Room not found"}, status=404))
    service.answer("POST", ".*/revocation/sign", {"room_id": ROOM, "revocation": signed})

    shown = alice("room", "revoke", ROOM, "-y")

    assert shown.code == 0 and "Signed:     yes" in shown.out
    assert "was revoked by its owner" in alice("room", "inspect", ROOM).err


def test_a_room_that_never_was_cannot_be_revoked(alice: Shell, service: LyingService) -> None:
    service.answer("DELETE", f"/v1/rooms/{ROOM}", Reply({"detail": "Room not found"}, status=404))

    shown = alice("room", "revoke", ROOM, "-y")

    assert shown.code == 1 and "404: Room not found" in shown.err
