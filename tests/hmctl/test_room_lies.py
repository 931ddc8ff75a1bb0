"""What a service shows for a room counts only if the owner signed it, for this room, in its newest version."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from attestation import envelope
from attestation.keys import SigningKey
from attestation.manifests.room import TrustPolicy
from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell

Room = dict[str, Any]


def _forged_copy(service: LyingService) -> None:
    service.lie("GET", ".*/attest", _in_room(lambda room: room["manifest"].update(rules="Anything goes.")))


def _forged_hash_copy(service: LyingService) -> None:
    service.lie("GET", ".*/attest", _in_room(lambda room: room.update(manifest_hash="0" * 64)))


def _forged_id_copy(service: LyingService) -> None:
    service.lie("GET", ".*/attest", _in_room(lambda room: room.update(room_id="room_ffffffffffff")))


def _changed_after_signing(service: LyingService) -> None:
    service.lie("GET", ".*/attest", _in_room(lambda room: room["envelope"]["manifest"].update(rules="Anything")))


def _other_room(service: LyingService) -> None:
    other = dict(service.publish(service.manifest("room_ffffffffffff")))
    service.lie("GET", ".*/attest", lambda body: body | {"room": other})


def _signed_by_somebody_else(service: LyingService) -> None:
    mallory = SigningKey.generate()
    service.publish(service.manifest(owner_pubkey_b64=mallory.public_b64), key=mallory)


def _unsigned(service: LyingService) -> None:
    service.lie("GET", ".*/attest", _in_room(lambda room: room["envelope"].update(signature_b64="")))


def _without_envelope(service: LyingService) -> None:
    service.lie("GET", ".*/attest", _in_room(lambda room: room.pop("envelope")))


def _expired(service: LyingService) -> None:
    service.publish(service.manifest(expires_at=1767225601.0))


def _in_room(change: Callable[[Room], Any]) -> Callable[[Room], Room]:
    def lie(body: Room) -> Room:
        change(body["room"])
        return body

    return lie


LIES = {
    "forged sibling manifest": (_forged_copy, "differs from the one its owner signed"),
    "forged sibling hash": (_forged_hash_copy, "differs from the one its owner signed"),
    "forged sibling id": (_forged_id_copy, "differs from the one its owner signed"),
    "changed after signing": (_changed_after_signing, "changed after it was hashed"),
    "another room of the same owner": (_other_room, "another room"),
    "another owner": (_signed_by_somebody_else, "another key than the one in the link"),
    "no signature": (_unsigned, "not signed"),
    "no envelope": (_without_envelope, "no signed manifest"),
    "expired": (_expired, "expired"),
}


@pytest.mark.parametrize("verb", ["inspect", "accept", "ask"])
@pytest.mark.parametrize("name", LIES)
def test_a_lie_about_the_room_is_refused(name: str, verb: str, bob: Shell, service: LyingService) -> None:
    lie, reason = LIES[name]
    lie(service)
    question = ["How much?"] if verb == "ask" else []

    shown = bob("room", verb, service.link(), *question, text="y\n")

    assert shown.code == 1
    assert shown.out == ""
    assert reason in shown.err
    assert service.requests("POST", ".*") == []
    assert not (bob.home / "accepted-rooms.json").exists()


def test_inspect_shows_the_signed_terms_whole(bob: Shell, service: LyingService) -> None:
    shown = bob("room", "inspect", service.link())

    signed = service.rooms["room_0123456789ab"]["manifest_hash"]
    assert shown.code == 0
    assert shown.out == (
        "Room: room_0123456789ab\n"
        "Name: rents\n"
        "Who sees what:\n"
        "  Your question:   the agents below and the models that they call; erased when the run ends\n"
        "  The answer:      you and whoever shares your invite; not the room's owner\n"
        "  Artifacts:       you and whoever shares your invite; not the room's owner\n"
        "  Agents' sources: you can read: scope; nobody can read: query\n"
        "  Vault:           the agents below, during a run; only the owner can list it\n"
        "  The operator:    nothing proves what runs here: take it that the operator can read everything\n"
        "What may leave the room:\n"
        "  Rows:    the scope agent decides how rows are filtered; row policies are not required\n"
        "  Answers: the text of an answer, as the query agent gives it\n"
        "  Files:   agents may leave files with an answer\n"
        "  Models:  what agents send to models of openrouter\n"
        "Agents:\n"
        "  Scope:    aaaaaaaaaaaa (inspectable)\n"
        "    source: not signed: the operator could replace it\n"
        "  Query:    bbbbbbbbbbbb (sealed)\n"
        "    source: not signed: the operator could replace it\n"
        "  Mediator: none\n"
        "What they read:\n"
        "  Tables: leases\n"
        "  Vault:  all documents that the owner adds\n"
        "Which program runs it:\n"
        "  Trust:   operator_updates (the operator may change the program at any time)\n"
        "  Expires: never; only its owner ends it\n"
        "Rules:\n"
        "  | Totals only.\n"
        "  | Never name a tenant.\n"
        "Policy for the agents: the rules above\n"
        "Proof:\n"
        "  Created:   2026-01-01 00:00 UTC\n"
        "  Version:   1\n"
        f"  Hash:      {signed}\n"
        f"  Owner key: {service.owner_key.public_b64}\n"
        "  Signature: verified with the owner key of the link\n"
        f"  Service:   {service.url} (development)\n"
    )


def test_inspect_json_replaces_every_unsigned_column(bob: Shell, service: LyingService) -> None:
    service.lie("GET", ".*/attest", _in_room(lambda room: room.update(name="free", scope_agent_id="evil", policy="x")))

    room = json.loads(bob("room", "inspect", service.link(), "--json").out)["room"]

    assert (room["name"], room["scope_agent_id"]) == ("rents", "aaaaaaaaaaaa")
    assert room["policy"] == room["manifest"]["rules"] == "Totals only.\nNever name a tenant."


def test_an_older_version_than_the_one_seen_is_refused(bob: Shell, service: LyingService) -> None:
    old = service.manifest()
    service.publish(service.manifest(rules="Stricter.", serial=2, updated_at=1767225900.0))
    assert bob("room", "inspect", service.link()).code == 0

    service.publish(old)
    shown = bob("room", "inspect", service.link())

    assert shown.code == 1
    assert "older version" in shown.err


def test_an_older_version_is_refused_without_serial_numbers_too(bob: Shell, service: LyingService) -> None:
    service.publish(service.manifest(serial=0, rules="Stricter.", updated_at=1767225900.0))
    assert bob("room", "inspect", service.link()).code == 0

    service.publish(service.manifest(serial=0))

    assert bob("room", "inspect", service.link()).code == 1


def test_two_versions_under_one_number_are_refused(bob: Shell, service: LyingService) -> None:
    assert bob("room", "inspect", service.link()).code == 0

    service.publish(service.manifest(rules="Other.", updated_at=1767225900.0))

    assert bob("room", "inspect", service.link()).code == 1


def test_a_link_with_another_owner_key_than_remembered_is_refused(bob: Shell, service: LyingService) -> None:
    assert bob("room", "inspect", service.link()).code == 0
    mallory = SigningKey.generate()
    service.publish(service.manifest(owner_pubkey_b64=mallory.public_b64, serial=9), key=mallory)

    shown = bob("room", "inspect", service.link(owner=mallory.public_b64))

    assert shown.code == 1
    assert "another owner key" in shown.err


def test_a_bare_id_is_held_against_the_remembered_owner_key(alice: Shell, service: LyingService) -> None:
    assert alice("room", "inspect", "room_0123456789ab").code == 0
    mallory = SigningKey.generate()
    service.publish(service.manifest(owner_pubkey_b64=mallory.public_b64, serial=9), key=mallory)

    shown = alice("room", "inspect", "room_0123456789ab")

    assert shown.code == 1
    assert "another key" in shown.err


@pytest.mark.parametrize("mode", ["pinned", "owner_approved"])
def test_a_room_that_demands_a_build_is_refused_where_none_is_proven(
    mode: str, bob: Shell, service: LyingService
) -> None:
    service.publish(service.manifest(trust=TrustPolicy(mode, ("ab" * 32,))))

    for flags in ([], ["--dangerously-skip-attestations"]):
        shown = bob(*flags, "room", "inspect", service.link())
        assert shown.code == 1
        assert f"mode {mode}" in shown.err


def test_control_characters_in_terms_cannot_repaint_the_screen(bob: Shell, service: LyingService) -> None:
    service.publish(service.manifest(name="a\x1b[2Jb\u202ec", rules="one\x1b[1A\rtwo"))

    shown = bob("room", "inspect", service.link())

    assert shown.code == 0
    assert "\x1b" not in shown.out and "\u202e" not in shown.out and "\r" not in shown.out
    assert "a\\x1b[2Jb\\u202ec" in shown.out


def test_an_envelope_with_unknown_signed_members_is_shown_in_json(bob: Shell, service: LyingService) -> None:
    manifest = service.manifest()
    wire = manifest.to_wire() | {"from_the_future": 1}
    signed = envelope.sign(wire, key=service.owner_key)
    row = service.publish(replace(manifest, serial=2))
    row.update(envelope=signed, manifest=signed["manifest"], manifest_hash=signed["manifest_hash"])

    document = json.loads(bob("room", "inspect", service.link(), "--json").out)

    assert document["room"]["manifest"]["from_the_future"] == 1


def test_what_the_service_claims_about_itself_beside_the_room_is_not_shown(alice: Shell, service: LyingService) -> None:
    claims = {"ready": True, "attestation": {"compose_hash": "ee" * 32, "run_signer_pubkey_b64": "forged"}}
    service.lie("GET", "/v1/rooms/.*/attest", lambda answer: answer | {"attestation": claims})

    shown = alice("room", "inspect", "room_0123456789ab", "--json")

    told = json.loads(shown.out)
    assert shown.code == 0
    assert "ee" * 32 not in shown.out and "forged" not in shown.out and "attestation" not in told
    assert told["verification"]["run_signer_pubkey_b64"] == service.signer.public_b64
    assert told["verification"]["compose_hash"] == ""
