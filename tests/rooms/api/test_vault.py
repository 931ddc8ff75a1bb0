"""The vault's routes: what an owner puts in is what the owner gets out, and only the owner."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rooms.models import RoomKeyWrap, VaultItem
from tests.factories import rooms
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person, client


def test_what_was_added_is_listed_in_order(alice: Person, room: MadeRoom) -> None:
    added = [
        post(alice.client, f"{room.url}/data", {"text": text, "metadata": {"n": n}}).json()
        for n, text in enumerate(["first", "zweites ✓", "third\r\n"])
    ]
    listed = alice.client.get(f"{room.url}/data").json()["items"]
    assert [item["text"] for item in listed] == ["first", "zweites ✓", "third\r\n"]
    assert [{k: v for k, v in item.items() if k != "text"} for item in listed] == added
    assert set(added[0]) == {"room_id", "item_id", "metadata", "created_at", "size_bytes"}
    assert [item["size_bytes"] for item in listed] == [5, 11, 7]
    assert added[0]["item_id"].startswith("rvi_") and len(added[0]["item_id"]) == 20


@pytest.mark.parametrize(
    "metadata",
    [{}, {"source": "dataset", "n": 1.5, "deep": {"list": [None, True, "ü"]}}, {"": ""}, {"text": "x", "big": 10**30}],
)
def test_metadata_comes_back_unchanged(alice: Person, room: MadeRoom, metadata: dict[str, Any]) -> None:
    post(alice.client, f"{room.url}/data", {"text": "t", "metadata": metadata})
    assert alice.client.get(f"{room.url}/data").json()["items"][0]["metadata"] == metadata


@pytest.mark.parametrize("text", ["\0", " ", "\ud83d\ude00", "﻿x", "x" * 100_000])
def test_texts_come_back_unchanged(alice: Person, room: MadeRoom, text: str) -> None:
    text = text.encode("utf-16", "surrogatepass").decode("utf-16")
    post(alice.client, f"{room.url}/data", {"text": text})
    assert alice.client.get(f"{room.url}/data").json()["items"][0]["text"] == text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": None},
        {"text": 5},
        {"text": "\ud800"},
        {"text": "t", "metadata": None},
        {"text": "t", "metadata": []},
        {"text": "t", "metadata": "{}"},
        {"text": "t", "meta": {}},
        [],
    ],
)
def test_a_malformed_item_is_a_422(alice: Person, room: MadeRoom, body: Any) -> None:
    assert post(alice.client, f"{room.url}/data", body).status_code == 422
    assert not VaultItem.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"text": "x" * (8 * 1024 * 1024 + 1)},
        {"text": "t", "metadata": {"big": "x" * (64 * 1024)}},
        {"text": "t", "metadata": {"surrogate": "\udc00"}},
    ],
)
def test_an_item_that_is_too_large_or_cannot_be_written_is_a_400(
    alice: Person, room: MadeRoom, body: dict[str, Any]
) -> None:
    answer = post(alice.client, f"{room.url}/data", body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "vault_item_too_large"
    assert not VaultItem.objects.exists()


def test_metadata_may_not_be_nested_without_end(alice: Person, room: MadeRoom) -> None:
    deep: dict[str, Any] = {}
    for _ in range(100):
        deep = {"d": deep}
    assert post(alice.client, f"{room.url}/data", {"text": "t", "metadata": deep}).status_code == 400


def test_a_body_beyond_the_bound_is_not_read(alice: Person, room: MadeRoom) -> None:
    answer = post(alice.client, f"{room.url}/data", {"text": "x" * (32 * 1024 * 1024)})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_body_nested_beyond_reading_is_a_422(alice: Person, room: MadeRoom) -> None:
    body = '{"text": "t", "metadata": ' + "[" * 200_000 + "]" * 200_000 + "}"
    answer = alice.client.post(f"{room.url}/data", body, content_type="application/json")
    assert answer.status_code == 422


def test_deleting_an_item_keeps_the_others_and_their_order(alice: Person, room: MadeRoom) -> None:
    ids = [post(alice.client, f"{room.url}/data", {"text": t}).json()["item_id"] for t in "abc"]
    answer = alice.client.delete(f"{room.url}/data/{ids[1]}")
    assert answer.json() == {"status": "ok", "room_id": room.room_id, "item_id": ids[1]}
    post(alice.client, f"{room.url}/data", {"text": "d"})
    listed = alice.client.get(f"{room.url}/data").json()["items"]
    assert [item["text"] for item in listed] == ["a", "c", "d"]
    assert alice.client.delete(f"{room.url}/data/{ids[1]}").status_code == 404


def test_an_item_of_another_room_is_not_found(alice: Person, room: MadeRoom) -> None:
    other = rooms.room(alice)
    item_id = post(alice.client, f"{other.url}/data", {"text": "x"}).json()["item_id"]
    assert alice.client.delete(f"{room.url}/data/{item_id}").status_code == 404
    assert len(alice.client.get(f"{other.url}/data").json()["items"]) == 1


def test_a_vault_can_be_emptied_and_filled_again(alice: Person, room: MadeRoom) -> None:
    item_id = post(alice.client, f"{room.url}/data", {"text": "a"}).json()["item_id"]
    alice.client.delete(f"{room.url}/data/{item_id}")
    assert alice.client.get(f"{room.url}/data").json() == {"items": []}
    assert post(alice.client, f"{room.url}/data", {"text": "b"}).status_code == 200


def test_an_empty_room_answers_without_a_key(alice: Person, room: MadeRoom) -> None:
    RoomKeyWrap.objects.all().delete()
    assert alice.client.get(f"{room.url}/data").json() == {"items": []}
    assert post(alice.client, f"{room.url}/data", {"text": "x"}).status_code == 503


def test_a_filled_room_without_a_key_is_sealed(alice: Person, room: MadeRoom) -> None:
    post(alice.client, f"{room.url}/data", {"text": "x"})
    RoomKeyWrap.objects.all().delete()
    answer = alice.client.get(f"{room.url}/data")
    assert answer.status_code == 503 and answer.json()["detail"].startswith("Room data is sealed")


@pytest.mark.parametrize("role", ["query", "share"])
def test_guests_neither_read_nor_write_the_vault(alice: Person, room: MadeRoom, role: str) -> None:
    item_id = post(alice.client, f"{room.url}/data", {"text": "x"}).json()["item_id"]
    by = client(room.invite if role == "query" else room.share())
    assert by.get(f"{room.url}/data").status_code == 403
    assert post(by, f"{room.url}/data", {"text": "x"}).status_code == 403
    assert by.delete(f"{room.url}/data/{item_id}").status_code == 403


def test_reading_many_items_takes_as_many_queries_as_reading_one(alice: Person, room: MadeRoom) -> None:
    counts = []
    for text in "abc":
        post(alice.client, f"{room.url}/data", {"text": text})
        with CaptureQueriesContext(connection) as seen:
            alice.client.get(f"{room.url}/data")
        counts.append(len(seen))
    assert len(set(counts)) == 1 and counts[0] <= 8
