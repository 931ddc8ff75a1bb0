"""The owner's signed end of a room: whoever has the room's id can read it, and nobody can take it back."""

import json

import pytest
from django.test import Client

from attestation.keys import SigningKey
from attestation.manifests.revocation import Revocation, sign_revocation, verify_revocation
from rooms.models import Room
from rooms.services import rooms as service
from tenants.models import TenantSecret
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person


def _end(room: MadeRoom) -> str:
    return f"{room.url}/revocation"


def test_the_owner_signs_the_end_and_everybody_can_read_it(alice: Person, room: MadeRoom) -> None:
    post(alice.client, f"{room.url}/trust", {"mode": "operator_updates"})
    told = alice.client.delete(room.url).json()["revocation"]
    verified = verify_revocation(
        told,
        room_id=room.room_id,
        owner_pubkey_b64=alice.tenant.signing_pubkey_b64,
        tenant_id=alice.tenant.pk,
    )
    assert verified.revocation.serial == 3
    assert Client().get(_end(room)).json() == {"room_id": room.room_id, "revocation": told}
    assert alice.client.get(room.url).json()["revocation"] == told
    (listed,) = alice.client.get("/v1/rooms").json()["rooms"]
    assert listed["revocation"] == told


def test_a_living_room_has_no_end(alice: Person, room: MadeRoom) -> None:
    for url in (_end(room), "/v1/rooms/room_000000000000/revocation", "/v1/rooms/x/revocation"):
        answer = Client().get(url)
        assert (answer.status_code, answer.json()["code"]) == (404, "revocation_not_found")
    assert "revocation" not in alice.client.get(room.url).json()


def test_a_room_put_back_to_life_in_the_database_stays_over(alice: Person, room: MadeRoom) -> None:
    alice.client.delete(room.url)
    Room.objects.update(revoked_at=None)
    answer = alice.client.get(f"{room.url}/attest")
    assert (answer.status_code, answer.json()["code"]) == (403, "room_revoked")


@pytest.mark.parametrize("kept", ["{", "[]", "{}", "other"])
def test_a_stored_statement_that_nobody_signed_is_never_served(alice: Person, room: MadeRoom, kept: str) -> None:
    alice.client.delete(room.url)
    if kept == "other":
        key = SigningKey.generate()
        statement = Revocation(
            room_id=room.room_id,
            tenant_id=alice.tenant.pk,
            serial=2,
            revoked_at=1,
            owner_pubkey_b64=key.public_b64,
        )
        kept = json.dumps(sign_revocation(statement, key=key))
    Room.objects.update(revocation=kept)
    for answer in (Client().get(_end(room)), alice.client.get(room.url)):
        assert answer.status_code == 409
    assert alice.client.get("/v1/rooms").json()["rooms"][0]["damaged"]


def test_a_room_whose_key_is_gone_ends_without_a_statement(alice: Person, room: MadeRoom) -> None:
    TenantSecret.objects.filter(kind=TenantSecret.Kind.ROOM_SIGNING).delete()
    answer = alice.client.delete(room.url)
    assert answer.status_code == 200 and "revocation" not in answer.json()
    assert Client().get(_end(room)).status_code == 404
    assert room.row.revoked_at is not None


def test_an_operator_ends_a_room_without_the_owners_word(alice: Person, room: MadeRoom) -> None:
    service.end(room.row, actor=alice.owner.actor)
    assert room.row.revoked_at is not None
    assert Client().get(_end(room)).status_code == 404


def test_the_owner_signs_later_what_was_ended_without_it(alice: Person, room: MadeRoom) -> None:
    service.end(room.row, actor=alice.owner.actor)
    first = post(alice.client, f"{_end(room)}/sign")
    assert first.status_code == 200
    again = post(alice.client, f"{_end(room)}/sign")
    assert again.json() == first.json() == Client().get(_end(room)).json()


def test_only_an_ended_room_of_ones_own_is_signed(alice: Person, carol: Person, room: MadeRoom) -> None:
    answer = post(alice.client, f"{_end(room)}/sign")
    assert (answer.status_code, answer.json()["code"]) == (409, "room_lives")
    bob = room.bob
    service.end(room.row, actor=alice.owner.actor)
    assert post(carol.client, f"{_end(room)}/sign").status_code == 404
    assert post(bob, f"{_end(room)}/sign").status_code == 401
    assert post(Client(), f"{_end(room)}/sign").status_code == 401
    TenantSecret.objects.filter(kind=TenantSecret.Kind.ROOM_SIGNING).delete()
    gone = post(alice.client, f"{_end(room)}/sign")
    assert (gone.status_code, gone.json()["code"]) == (409, "signing_key_replaced")
    assert room.row.revocation == ""
