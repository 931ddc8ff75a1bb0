"""GET …/key and POST …/open: every role of a room can open it, and nobody learns more than that."""

import pytest

from rooms.models import RoomKeyWrap
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person, client


def _token(room: MadeRoom, role: str) -> str:
    return {"owner": room.owner.api_key, "query": room.invite}.get(role) or room.share()


@pytest.mark.parametrize("role", ["owner", "query", "share"])
def test_every_role_opens_its_room(room: MadeRoom, role: str) -> None:
    token = _token(room, role)
    wraps = 3 if role == "share" else 2
    expected = {"room_id": room.room_id, "open": True, "wrap_count": wraps, "item_count": 0}
    assert post(client(token), f"{room.url}/open").json() == expected
    assert client(token).get(f"{room.url}/key").json() == expected


def test_items_are_counted(alice: Person, room: MadeRoom) -> None:
    post(alice.client, f"{room.url}/data", {"text": "hello"})
    assert room.bob.get(f"{room.url}/key").json()["item_count"] == 1


@pytest.mark.parametrize("role", ["owner", "query", "share"])
def test_without_its_wrap_a_role_is_told_that_the_room_is_sealed(room: MadeRoom, role: str) -> None:
    token = _token(room, role)
    RoomKeyWrap.objects.filter(room_id=room.room_id, holder__startswith=role).delete()
    answer = post(client(token), f"{room.url}/open")
    assert answer.status_code == 503
    assert answer.json()["detail"].startswith("Room data is sealed")
    assert "error" in answer.json()
    assert client(token).get(f"{room.url}/key").json()["open"] is False


def test_a_guest_with_a_wrap_is_not_sealed_and_one_without_is(room: MadeRoom) -> None:
    assert room.bob.get("/v1/whoami").json()["sealed"] is False
    RoomKeyWrap.objects.filter(holder__startswith="query").delete()
    assert room.bob.get("/v1/whoami").json()["sealed"] is True
