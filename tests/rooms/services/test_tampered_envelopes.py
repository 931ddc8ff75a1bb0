"""A database that was written to outside the service: no changed envelope is ever served or acted upon."""

import json
from collections.abc import Callable

import pytest

from attestation.envelope import sign
from attestation.keys import SigningKey
from rooms.models import Room
from tests.factories import rooms
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person

CANARY = "canary-of-the-rules"


@pytest.fixture
def room(alice: Person) -> MadeRoom:
    """A room whose rules are recognisable."""
    return rooms.room(alice, name=CANARY, rules=CANARY)


def _put(room: MadeRoom, envelope: object) -> None:
    Room.objects.filter(pk=room.room_id).update(
        envelope=envelope if isinstance(envelope, str) else json.dumps(envelope)
    )


def _envelope(room: MadeRoom) -> dict[str, object]:
    stored: dict[str, object] = json.loads(room.row.envelope)
    return stored


def _manifest_changed(room: MadeRoom) -> object:
    envelope = _envelope(room)
    return envelope | {"manifest": envelope["manifest"] | {"allowed_tables": ["wages"]}}  # type: ignore[operator]


def _signed_by_another_key(room: MadeRoom) -> object:
    key = SigningKey.generate()
    return sign(_envelope(room)["manifest"] | {"owner_pubkey_b64": key.public_b64}, key=key)  # type: ignore[operator]


def _signature_of_another_room(room: MadeRoom) -> object:
    return _envelope(room) | {"signature_b64": _envelope(rooms.room(room.owner))["signature_b64"]}


TWINS: dict[str, Callable[[MadeRoom], object]] = {
    "a changed manifest": _manifest_changed,
    "one flipped byte": lambda room: room.row.envelope.replace(CANARY, CANARY.upper(), 1),
    "another key": _signed_by_another_key,
    "another room's envelope": lambda room: _envelope(rooms.room(room.owner, name=CANARY)),
    "another room's signature": _signature_of_another_room,
    "no signature": lambda room: _envelope(room) | {"signature_b64": ""},
    "no manifest": lambda room: _envelope(room) | {"manifest": None},
    "not an object": lambda room: json.dumps([CANARY]),
    "no JSON": lambda room: "{" + CANARY,
    "nothing": lambda room: "",
    "a repeated key": lambda room: room.row.envelope.replace('{"manifest"', '{"manifest":{},"manifest"', 1),
    "a lone surrogate": lambda room: room.row.envelope.replace(CANARY, "\\ud800", 1),
}


@pytest.mark.parametrize("twin", TWINS)
def test_a_tampered_envelope_is_refused_everywhere_and_names_no_content(room: MadeRoom, twin: str) -> None:
    _put(room, TWINS[twin](room))
    alice = room.owner.client
    answers = [
        alice.get(room.url),
        room.bob.get(room.url),
        room.bob.get("/v1/rooms"),
        room.bob.get(f"{room.url}/attest"),
        room.bob.get(f"{room.url}/key"),
        post(room.bob, f"{room.url}/open"),
        post(alice, f"{room.url}/data", {"text": "x"}),
        alice.get(f"{room.url}/data"),
        post(alice, f"{room.url}/share-link"),
        post(alice, f"{room.url}/trust", {"mode": "operator_updates"}),
    ]
    assert [answer.status_code for answer in answers] == [409] * len(answers)
    for answer in answers:
        assert set(answer.json()) == {"detail", "code"}
        assert CANARY.lower() not in answer.content.decode().lower()
    listed = alice.get("/v1/rooms")
    assert listed.status_code == 200 and CANARY.lower() not in _of(listed.json(), room).lower()


def _of(listed: dict[str, list[dict[str, object]]], room: MadeRoom) -> str:
    return json.dumps([each for each in listed["rooms"] if each["room_id"] == room.room_id])


def test_an_older_version_of_the_room_is_refused(room: MadeRoom) -> None:
    before = room.row.envelope
    post(room.owner.client, f"{room.url}/trust", {"mode": "operator_updates"})
    _put(room, before)
    answer = room.bob.get(room.url)
    assert (answer.status_code, answer.json()["code"]) == (409, "serial_rolled_back")


def test_columns_beside_the_envelope_change_nothing(room: MadeRoom) -> None:
    before = room.bob.get(room.url).json()
    Room.objects.update(name="changed", manifest_hash="0" * 64)
    assert room.bob.get(room.url).json() == before


def test_a_room_that_moved_to_another_tenant_is_refused(room: MadeRoom, carol: Person) -> None:
    Room.objects.update(tenant=carol.tenant)
    assert room.owner.client.get(room.url).status_code == 404
    answer = carol.client.get(room.url)
    assert (answer.status_code, answer.json()["code"]) == (409, "tenant_id_differs")


@pytest.mark.parametrize("column", [{"owner_pubkey_b64": ""}, {"owner_pubkey_b64": "AAAA"}, {"serial": 7}])
def test_a_changed_anchor_is_refused(room: MadeRoom, column: dict[str, object]) -> None:
    Room.objects.update(**column)
    assert room.bob.get(room.url).status_code == 409


def test_a_manifest_that_is_silent_about_tables_is_gone(room: MadeRoom) -> None:
    key = SigningKey.generate()
    manifest = _envelope(room)["manifest"] | {"owner_pubkey_b64": key.public_b64}  # type: ignore[operator]
    del manifest["allowed_tables"]
    _put(room, sign(manifest, key=key))
    Room.objects.update(owner_pubkey_b64=key.public_b64)
    assert room.bob.get(room.url).status_code == 200
    answer = room.bob.get(f"{room.url}/attest")
    assert answer.status_code == 410 and "missing signed allowed_tables" in answer.json()["detail"]
    _put(room, sign(manifest | {"allowed_tables": "wages"}, key=key))
    assert room.bob.get(room.url).status_code == 409
