"""Copies of keys that were moved, mixed up or changed in the database: none of them opens anything."""

import pytest

from agents.models import SourceKeyWrap
from agents.services import sources
from attestation.errors import SealError
from hivemind.kit.errors import RoomSealed
from rooms.models import Room, RoomKeyWrap
from rooms.services import opening
from tests.factories import rooms
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person


def _swap(first: RoomKeyWrap, second: RoomKeyWrap) -> None:
    first.salt, second.salt = second.salt, first.salt
    first.wrapped, second.wrapped = second.wrapped, first.wrapped
    first.save()
    second.save()


def _wrap(room: MadeRoom, role: str) -> RoomKeyWrap:
    return RoomKeyWrap.objects.get(room_id=room.room_id, holder__startswith=role)


@pytest.mark.parametrize("role", ["owner", "query"])
def test_wraps_swapped_between_rooms_open_neither(alice: Person, role: str) -> None:
    one, two = rooms.room(alice), rooms.room(alice)
    _swap(_wrap(one, role), _wrap(two, role))
    for room in (one, two):
        by = alice.client if role == "owner" else room.bob
        assert post(by, f"{room.url}/open").status_code == 503


def test_a_rooms_key_and_its_name_moved_together_open_nothing(alice: Person) -> None:
    one, two = rooms.room(alice), rooms.room(alice)
    _swap(_wrap(one, "owner"), _wrap(two, "owner"))
    ids = one.row.key_id, two.row.key_id
    Room.objects.filter(pk=one.room_id).update(key_id=ids[1])
    Room.objects.filter(pk=two.room_id).update(key_id=ids[0])
    with pytest.raises(RoomSealed):
        opening.open_room_key(alice.owner, one.row)


def test_one_holders_wrap_does_not_open_for_another(alice: Person, room: MadeRoom) -> None:
    _swap(_wrap(room, "owner"), _wrap(room, "query"))
    assert post(room.bob, f"{room.url}/open").status_code == 503
    assert post(alice.client, f"{room.url}/open").status_code == 503


@pytest.mark.parametrize("position", [0, 20, 60, 107])
def test_a_changed_wrap_does_not_open(room: MadeRoom, position: int) -> None:
    held = _wrap(room, "query")
    changed = bytearray(bytes(held.wrapped))
    changed[position] ^= 1
    RoomKeyWrap.objects.filter(pk=held.pk).update(wrapped=bytes(changed))
    assert post(room.bob, f"{room.url}/open").status_code == 503


@pytest.mark.parametrize("change", [{"salt": b""}, {"salt": b"x" * 16}, {"wrapped": b""}, {"wrapped": b"x" * 200}])
def test_a_wrap_that_is_none_does_not_open(room: MadeRoom, change: dict[str, bytes]) -> None:
    RoomKeyWrap.objects.filter(holder__startswith="query").update(**change)
    assert post(room.bob, f"{room.url}/open").status_code == 503


def test_everybody_who_opens_a_room_opens_the_same_key(alice: Person, room: MadeRoom) -> None:
    keys = {opening.open_room_key(alice.owner, room.row), opening.open_room_key(room.guest, room.row)}
    assert len(keys) == 1
    assert keys != {opening.open_room_key(alice.owner, rooms.room(alice).row)}


def test_a_rooms_key_opens_the_source_of_its_agents_and_of_no_other(alice: Person) -> None:
    inside, outside = rooms.agent(alice), rooms.agent(alice)
    made = rooms.room(alice, scope_agent_id=inside.pk)
    key = opening.open_room_key(made.guest, made.row)
    source_key = sources.open_source_key(inside, room_id=made.room_id, room_key=key)
    assert source_key == sources.open_source_key(inside, owner=alice.owner)
    with pytest.raises(RoomSealed):
        sources.open_source_key(outside, room_id=made.room_id, room_key=key)
    foreign = SourceKeyWrap.objects.get(agent=outside, holder="tenant")
    SourceKeyWrap.objects.create(
        agent=outside, holder=f"room:{made.room_id}", wrapped=foreign.wrapped, created_at=foreign.created_at
    )
    with pytest.raises((RoomSealed, SealError)):
        sources.open_source_key(outside, room_id=made.room_id, room_key=key)
