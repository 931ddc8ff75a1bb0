"""DELETE /v1/rooms/{room_id}: a revoked room is over for everybody, and its owner keeps the data."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from attestation.tokens import token_id
from hivemind.kit import clock
from rooms import hooks
from rooms.hooks import Revocation
from rooms.models import Invite, Room, RoomKeyWrap, ShareLink
from tests.factories import rooms
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person, client


@pytest.fixture
def heard() -> Iterator[list[Revocation]]:
    """What the hooks were told."""
    told: list[Revocation] = []
    hooks.on_revoked(told.append)
    yield told
    hooks.forget(told.append)


def test_revoking_ends_every_right_but_the_owners(alice: Person, room: MadeRoom, heard: list[Revocation]) -> None:
    share, invite_id = room.share(), room.guest.token_id
    answer = alice.client.delete(room.url)
    assert answer.status_code == 200
    told = answer.json()
    assert told.pop("revocation")["statement"]["room_id"] == room.room_id
    assert told == {
        "status": "ok",
        "room_id": room.room_id,
        "invites_revoked": 1,
        "share_link_disabled": True,
    }
    assert room.bob.get(room.url).status_code == 401
    assert client(share).get(room.url).status_code == 401
    assert list(RoomKeyWrap.objects.values_list("holder", flat=True)) == ["owner"]
    assert not ShareLink.objects.exists() and not Invite.objects.filter(revoked_at=None).exists()
    assert [told.whole_room for told in heard] == [False, False, True]
    assert {told.token_id for told in heard[:2]} == {invite_id, token_id(share)}
    assert {told.room_id for told in heard} == {room.room_id}


def test_a_room_is_revoked_once(alice: Person, room: MadeRoom) -> None:
    assert alice.client.delete(room.url).json()["share_link_disabled"] is False
    assert alice.client.delete(room.url).status_code == 404
    assert alice.client.delete("/v1/rooms/room_000000000000").status_code == 404


def test_a_damaged_room_can_be_revoked(alice: Person, room: MadeRoom) -> None:
    Room.objects.update(envelope="{}")
    assert alice.client.get(room.url).status_code == 409
    assert alice.client.delete(room.url).status_code == 200


def test_nobody_else_revokes_a_room(carol: Person, room: MadeRoom) -> None:
    assert carol.client.delete(room.url).status_code == 404
    assert room.bob.delete(room.url).status_code == 403
    assert room.row.revoked_at is None


@pytest.mark.parametrize("rest", ["attest", "key", "data", "share-link"])
def test_the_owner_reads_nothing_below_a_revoked_room(alice: Person, room: MadeRoom, rest: str) -> None:
    alice.client.delete(room.url)
    answer = alice.client.get(f"{room.url}/{rest}")
    assert (answer.status_code, answer.json()["code"]) == (403, "room_revoked")


@pytest.mark.parametrize(
    ("rest", "body"), [("data", {"text": "x"}), ("open", None), ("trust", {}), ("share-link", None)]
)
def test_the_owner_changes_nothing_in_a_revoked_room(
    alice: Person, room: MadeRoom, rest: str, body: dict[str, str] | None
) -> None:
    alice.client.delete(room.url)
    assert post(alice.client, f"{room.url}/{rest}", body).status_code == 403


def test_other_rooms_go_on(alice: Person, room: MadeRoom) -> None:
    other = rooms.room(alice)
    other.share()
    alice.client.delete(room.url)
    assert post(other.bob, f"{other.url}/open").json()["wrap_count"] == 3


def test_a_listener_that_fails_undoes_the_revocation(alice: Person, room: MadeRoom) -> None:
    def refuse(revocation: Revocation) -> None:
        raise RuntimeError

    hooks.on_revoked(refuse)
    try:
        assert alice.client.delete(room.url).status_code == 500
    finally:
        hooks.forget(refuse)
    assert room.row.revoked_at is None
    assert post(room.bob, f"{room.url}/open").status_code == 200


def test_an_expired_room_answers_only_its_reading(alice: Person) -> None:
    made = rooms.room(alice, expires_at=(clock.now() + timedelta(seconds=1)).timestamp())
    assert made.bob.get(f"{made.url}/key").status_code == 200
    time.sleep(1.1)
    for by in (alice.client, made.bob):
        answer = by.get(f"{made.url}/attest")
        assert (answer.status_code, answer.json()["code"]) == (403, "room_expired")
    assert alice.client.get(made.url).json()["manifest"]["expires_at"] > 0
