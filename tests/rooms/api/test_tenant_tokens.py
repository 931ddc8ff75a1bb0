"""Invites as the tenant's tokens: listed with those revoked, and revoked by an unmistakable prefix."""

import pytest

from hivemind.kit.errors import RoomSealed
from rooms import hooks
from rooms.hooks import Revocation
from rooms.models import Invite, RoomKeyWrap
from rooms.services import opening
from tests.factories import rooms
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person


def test_invites_are_listed_newest_first(alice: Person, carol: Person) -> None:
    named, unnamed = rooms.room(alice, name="pilot"), rooms.room(alice)
    listed = alice.client.get("/v1/tenant/tokens").json()["tokens"]
    assert [row["token_id"] for row in listed] == [unnamed.guest.token_id, named.guest.token_id]
    assert [row["label"] for row in listed] == [f"room:{unnamed.room_id}", "room:pilot"]
    assert set(listed[0]) == {"token_id", "kind", "label", "constraints", "created_at", "revoked_at"}
    assert listed[0]["kind"] == "query" and listed[0]["revoked_at"] is None
    assert listed[0]["constraints"]["room_id"] == unnamed.room_id
    assert carol.client.get("/v1/tenant/tokens").json() == {"tokens": []}


def test_revoking_takes_wrap_and_right_and_tells_the_hooks(alice: Person, room: MadeRoom) -> None:
    guest, told = room.guest, list[Revocation]()
    hooks.on_revoked(told.append)
    try:
        answer = alice.client.delete(f"/v1/tenant/tokens/{guest.token_id[:6].upper()}")
    finally:
        hooks.forget(told.append)
    assert answer.json() == {"status": "ok", "token_id": guest.token_id[:6].upper()}
    assert room.bob.get(room.url).status_code == 401
    assert [(each.room_id, each.token_id) for each in told] == [(room.room_id, guest.token_id)]
    assert not RoomKeyWrap.objects.filter(holder=guest.holder).exists()
    with pytest.raises(RoomSealed):
        opening.open_room_key(guest, room.row)
    assert alice.client.get("/v1/tenant/tokens").json()["tokens"][0]["revoked_at"] is not None
    assert alice.client.delete(f"/v1/tenant/tokens/{guest.token_id}").status_code == 404
    assert post(alice.client, f"{room.url}/open").status_code == 200


def test_a_prefix_of_two_invites_revokes_neither(alice: Person) -> None:
    made = [rooms.room(alice) for _ in range(2)]
    for last, each in zip("ab", made, strict=True):
        Invite.objects.filter(room_id=each.room_id).update(token_hash="c0ffee" + last * 58)
    answer = alice.client.delete("/v1/tenant/tokens/c0ffee")
    assert (answer.status_code, answer.json()["code"]) == (409, "token_id_ambiguous")
    assert Invite.objects.filter(revoked_at=None).count() == 2
    assert alice.client.delete("/v1/tenant/tokens/c0ffeea").status_code == 200
    assert list(Invite.objects.filter(revoked_at=None).values_list("room_id", flat=True)) == [made[1].room_id]


@pytest.mark.parametrize("prefix", ["%25%25%25%25%25%25", "______", "\\\\\\\\\\\\"])
def test_wildcards_are_taken_literally(alice: Person, room: MadeRoom, prefix: str) -> None:
    assert alice.client.delete(f"/v1/tenant/tokens/{prefix}").status_code == 404
    assert room.bob.get(room.url).status_code == 200


def test_nobody_revokes_a_strangers_invite(carol: Person, room: MadeRoom) -> None:
    assert carol.client.delete(f"/v1/tenant/tokens/{room.guest.token_id}").status_code == 404
    assert room.bob.delete(f"/v1/tenant/tokens/{room.guest.token_id}").status_code == 403
    assert room.bob.get(room.url).status_code == 200
