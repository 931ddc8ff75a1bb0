"""GET /v1/rooms and /v1/rooms/{room_id}: who sees which rooms, and how they are paged."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hivemind.kit import clock
from rooms.models import Room
from tenants.databases import session
from tests.factories import rooms
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person, client, with_database


def test_owners_see_their_rooms_newest_first_revoked_ones_included(alice: Person, carol: Person) -> None:
    first, second = rooms.room(alice, name="first"), rooms.room(alice, name="second")
    rooms.room(with_database(carol))
    alice.client.delete(first.url)
    listed = alice.client.get("/v1/rooms").json()["rooms"]
    assert [room["room_id"] for room in listed] == [second.room_id, first.room_id]
    assert listed[0]["revoked_at"] is None and isinstance(listed[1]["revoked_at"], float)
    assert listed[0] == alice.client.get(second.url).json()


@pytest.mark.parametrize("role", ["query", "share"])
def test_a_guest_sees_its_own_room_only_whatever_the_limit(alice: Person, role: str) -> None:
    mine = rooms.room(alice, name="mine")
    rooms.room(alice, name="other")
    token = mine.invite if role == "query" else mine.share()
    listed = client(token).get("/v1/rooms?limit=50").json()["rooms"]
    assert [room["room_id"] for room in listed] == [mine.room_id]


def test_pages_follow_each_other_without_gap_or_repeat(alice: Person) -> None:
    made = [rooms.room(alice).room_id for _ in range(5)]
    Room.objects.filter(pk__in=made[:3]).update(created_at=clock.now() - timedelta(days=1))
    seen: list[str] = []
    url = "/v1/rooms?limit=2"
    while url:
        answer = alice.client.get(url)
        seen += [room["room_id"] for room in answer.json()["rooms"]]
        cursor = answer.headers.get("X-Next-Cursor")
        url = f"/v1/rooms?limit=2&cursor={cursor}" if cursor else ""
    assert len(seen) == 5 and set(seen) == set(made)


@pytest.mark.parametrize(("limit", "count"), [("0", 1), ("-5", 1), ("1", 1), ("1000", 3), ("9" * 40, 3)])
def test_limits_are_clamped(alice: Person, limit: str, count: int) -> None:
    for _ in range(3):
        rooms.room(alice)
    assert len(alice.client.get(f"/v1/rooms?limit={limit}").json()["rooms"]) == count


def test_a_limit_or_cursor_that_is_none_is_refused(alice: Person) -> None:
    assert alice.client.get("/v1/rooms?limit=many").status_code == 422
    assert alice.client.get("/v1/rooms?cursor=nonsense").status_code == 400


def test_a_revoked_room_is_still_readable_by_its_owner(alice: Person, room: MadeRoom) -> None:
    alice.client.delete(room.url)
    answer = alice.client.get(room.url)
    assert answer.status_code == 200 and answer.json()["revoked_at"] is not None


def test_one_damaged_room_does_not_hide_the_others_and_shows_nothing_of_itself(alice: Person) -> None:
    good, bad = rooms.room(alice, rules="good canary"), rooms.room(alice, name="bad", rules="bad canary")
    row = bad.row
    Room.objects.filter(pk=row.pk).update(envelope=row.envelope.replace("bad canary", "BAD canary"))
    answer = alice.client.get("/v1/rooms")
    first, second = answer.json()["rooms"]
    assert second["room_id"] == good.room_id and "damaged" not in second
    assert first["room_id"] == bad.room_id and first["damaged"] == "hash_mismatch"
    assert set(first) - {"damaged"} == set(second)
    assert first["name"] == "" and first["allowed_llm_providers"] == [] and first["allow_artifacts"] is False
    assert "BAD canary" not in answer.content.decode()


def test_listing_takes_as_many_queries_for_many_rooms_as_for_one(alice: Person) -> None:
    for _ in range(3):
        rooms.room(alice)
    by = alice.client
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert by.get("/v1/rooms").status_code == 200
    assert len(seen) == 2  # the bearer, the rooms


@pytest.mark.parametrize("role", ["owner", "query", "share"])
def test_reading_a_room_takes_two_queries(alice: Person, room: MadeRoom, role: str) -> None:
    by = {"owner": alice.client, "query": room.bob, "share": client(room.share())}[role]
    with CaptureQueriesContext(connection) as seen:
        assert by.get(room.url).status_code == 200
    assert len(seen) == 2  # the bearer, the room


def test_head_is_answered_and_other_methods_are_not_allowed(alice: Person, room: MadeRoom) -> None:
    assert alice.client.head(room.url).status_code == 200
    assert alice.client.put(room.url).status_code == 405
    assert alice.client.options(room.url).status_code == 405


def test_ids_that_name_no_room_are_told_apart(alice: Person, room: MadeRoom) -> None:
    assert alice.client.get("/v1/rooms/%20").status_code == 400
    assert alice.client.get("/v1/rooms/room_000000000000").status_code == 404
    assert alice.client.get(room.url + "/").status_code == 307


def test_a_guest_knows_of_no_table_but_those_of_its_room(alice: Person, sales: str) -> None:
    with session.owner_connection(alice.tenant) as sql:
        sql.execute("CREATE TABLE wages (id int)")
    made, none = rooms.room(alice, allowed_tables=("SALES",)), rooms.room(alice)

    def tables(by: Client) -> set[str]:
        return {row["table_name"] for row in by.get("/v1/admin/schema").json()["schema"]}

    assert tables(alice.client) == {"sales", "wages"}
    assert tables(made.bob) == {"sales"}
    assert tables(none.bob) == set()
