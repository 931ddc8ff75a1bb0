"""The owner key changes: rooms, links and vaults go on. A reset does what its switches say."""

from attestation.verifier import verify_room
from hivemind.kit.audit import Actor
from rooms.models import Invite, RoomKeyWrap
from rooms.services import opening
from tenants.services import api_keys
from tests.factories import rooms
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person, client

OLGA = Actor.operator("olga")


def _rotate(person: Person) -> Person:
    answer = post(person.client, "/v1/tenant/rotate-key")
    return Person(person.tenant, answer.json()["api_key"])


def _reset(person: Person, *, clear_seal: bool, revoke_capabilities: bool) -> Person:
    done = api_keys.reset(person.tenant.pk, actor=OLGA, clear_seal=clear_seal, revoke_capabilities=revoke_capabilities)
    return Person(done.tenant, done.api_key)


def test_everything_goes_on_after_two_rotations(alice: Person, room: MadeRoom, carol: Person) -> None:
    post(alice.client, f"{room.url}/data", {"text": "kept", "metadata": {"n": 1}})
    share, pubkey = room.share(), alice.tenant.signing_pubkey_b64
    renewed = _rotate(_rotate(alice))
    assert alice.client.get(room.url).status_code == 401
    by = renewed.client
    assert [item["text"] for item in by.get(f"{room.url}/data").json()["items"]] == ["kept"]
    assert post(by, f"{room.url}/data", {"text": "more"}).status_code == 200
    assert post(by, f"{room.url}/open").json()["open"] is True
    updated = post(by, f"{room.url}/trust", {"mode": "owner_approved", "allowed_composes": ["aa"]})
    assert updated.status_code == 200
    envelope = room.bob.get(room.url).json()["envelope"]
    verify_room(envelope, room_id=room.room_id, owner_pubkey_b64=pubkey, minimum_serial=2)
    for guest in (room.bob, client(share)):
        assert post(guest, f"{room.url}/open").json()["item_count"] == 2
    assert post(by, f"{room.url}/share-link/rotate").status_code == 200
    assert rooms.room(renewed).row.owner_pubkey_b64 == pubkey


def test_rotation_rewraps_no_room(alice: Person, room: MadeRoom) -> None:
    before = sorted(map(bytes, RoomKeyWrap.objects.values_list("wrapped", flat=True)))
    _rotate(alice)
    assert sorted(map(bytes, RoomKeyWrap.objects.values_list("wrapped", flat=True))) == before


def test_a_reset_without_clearing_seals_the_owner_out_until_the_old_key_comes_back(
    alice: Person, room: MadeRoom
) -> None:
    post(alice.client, f"{room.url}/data", {"text": "kept"})
    fresh = _reset(alice, clear_seal=False, revoke_capabilities=False)
    answer = fresh.client.get(f"{room.url}/data")
    assert answer.status_code == 503 and answer.json()["detail"].startswith("Tenant is sealed")
    assert fresh.client.get(f"{room.url}/key").json()["open"] is False
    assert post(room.bob, f"{room.url}/open").status_code == 200
    assert post(fresh.client, "/v1/tenant/unseal", {"previous_key": alice.api_key}).status_code == 200
    assert fresh.client.get(f"{room.url}/data").json()["items"][0]["text"] == "kept"


def test_clearing_the_seal_deletes_the_owners_copies_and_lets_nothing_old_be_signed(
    alice: Person, room: MadeRoom
) -> None:
    post(alice.client, f"{room.url}/data", {"text": "gone"})
    fresh = _reset(alice, clear_seal=True, revoke_capabilities=False)
    assert not RoomKeyWrap.objects.filter(holder="owner").exists()
    assert fresh.client.get(room.url).status_code == 200
    sealed = fresh.client.get(f"{room.url}/data")
    assert sealed.status_code == 503 and sealed.json()["detail"].startswith("Room data is sealed")
    update = post(fresh.client, f"{room.url}/trust", {"mode": "operator_updates"})
    assert (update.status_code, update.json()["code"]) == (409, "signing_key_replaced")
    assert room.bob.get(room.url).status_code == 200
    assert opening.open_room_key(room.guest, room.row)


def test_a_reset_can_take_every_bearer_away(alice: Person, room: MadeRoom, carol: Person) -> None:
    share, other = room.share(), rooms.room(alice)
    done = api_keys.reset(alice.tenant.pk, actor=OLGA, clear_seal=False, revoke_capabilities=True)
    assert done.capabilities_revoked == 3
    assert not Invite.objects.filter(revoked_at=None).exists()
    assert set(RoomKeyWrap.objects.values_list("holder", flat=True)) == {"owner"}
    assert [client(t).get(room.url).status_code for t in (room.invite, share)] == [401, 401]
    assert other.row.revoked_at is None
