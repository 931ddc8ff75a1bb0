"""The share link: shown once, bound to its room, replaced and removed at once."""

import re

import pytest

from attestation.links import parse_link
from attestation.tokens import token_hash
from rooms.models import RoomKeyWrap, ShareLink
from tests.factories import rooms
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person, client


def test_enabling_shows_token_and_link_once(alice: Person, room: MadeRoom) -> None:
    url = f"{room.url}/share-link"
    assert alice.client.get(url).json() == {"enabled": False, "room_id": room.room_id}
    made = post(alice.client, url).json()
    assert set(made) == {"enabled", "room_id", "share_token", "prefix", "created_at", "rotated_at", "link"}
    assert made["enabled"] is True and made["rotated_at"] is None
    assert re.fullmatch(r"hms_[A-Za-z0-9_-]{43}", made["share_token"])
    assert made["prefix"] == token_hash(made["share_token"])[:8]
    link = parse_link(made["link"])
    assert link.is_share and (link.room_id, link.token) == (room.room_id, made["share_token"])
    assert link.owner_pubkey_b64 == alice.tenant.signing_pubkey_b64
    hidden = made | {"share_token": None, "link": None}
    assert post(alice.client, url).json() == hidden
    assert alice.client.get(url).json() == hidden


def test_the_token_is_stored_nowhere(alice: Person, room: MadeRoom) -> None:
    token = post(alice.client, f"{room.url}/share-link").json()["share_token"]
    row = ShareLink.objects.values().get()
    assert row["token_hash"] == token_hash(token)
    assert token not in repr(row)


def test_a_share_holder_reads_and_opens_the_room_and_its_data(alice: Person, room: MadeRoom) -> None:
    post(alice.client, f"{room.url}/data", {"text": "x"})
    by = client(room.share())
    assert by.get(room.url).status_code == 200
    opened = post(by, f"{room.url}/open")
    assert opened.status_code == 200 and opened.json()["open"] is True
    told = by.get("/v1/whoami")
    assert told.status_code == 200 and told.json()["role"] == "share"


def test_rotating_kills_the_old_token_and_its_wrap_at_once(alice: Person, room: MadeRoom) -> None:
    old = room.share()
    rotated = post(alice.client, f"{room.url}/share-link/rotate").json()
    assert rotated["share_token"] != old and isinstance(rotated["rotated_at"], float)
    assert client(old).get(room.url).status_code == 401
    assert post(client(rotated["share_token"]), f"{room.url}/open").status_code == 200
    holders = RoomKeyWrap.objects.filter(holder__startswith="share").values_list("holder", flat=True)
    assert list(holders) == [f"share:{token_hash(rotated['share_token'])[:12]}"]


def test_rotating_what_is_not_enabled_is_a_404(alice: Person, room: MadeRoom) -> None:
    answer = post(alice.client, f"{room.url}/share-link/rotate")
    assert answer.status_code == 404
    assert '"' not in answer.json()["detail"]


def test_disabling_removes_link_and_wrap_and_may_be_repeated(alice: Person, room: MadeRoom) -> None:
    token, url = room.share(), f"{room.url}/share-link"
    for _ in range(2):
        answer = alice.client.delete(url)
        assert (answer.status_code, answer.json()) == (200, {"enabled": False, "room_id": room.room_id})
    assert client(token).get(room.url).status_code == 401
    assert not RoomKeyWrap.objects.filter(holder__startswith="share").exists()
    again = post(alice.client, url).json()["share_token"]
    assert again and again != token


@pytest.mark.parametrize("role", ["query", "share"])
def test_guests_do_not_manage_the_link(room: MadeRoom, role: str) -> None:
    token = room.share()
    by = client(room.invite if role == "query" else token)
    url = f"{room.url}/share-link"
    answers = [by.get(url), post(by, url), by.delete(url), post(by, f"{url}/rotate")]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert client(token).get(room.url).status_code == 200


def test_a_revoked_room_has_no_link_to_manage(alice: Person, room: MadeRoom) -> None:
    alice.client.delete(room.url)
    url = f"{room.url}/share-link"
    answers = [alice.client.get(url), post(alice.client, url), alice.client.delete(url)]
    assert [answer.status_code for answer in answers] == [403] * 3


def test_links_of_two_rooms_are_apart(alice: Person, room: MadeRoom) -> None:
    other = rooms.room(alice)
    mine, theirs = room.share(), other.share()
    alice.client.delete(f"{other.url}/share-link")
    assert client(mine).get(room.url).status_code == 200
    assert client(theirs).get(other.url).status_code == 401
