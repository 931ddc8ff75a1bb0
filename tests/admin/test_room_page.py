"""The page of a room: how it ended and who says so, when it expires, and which versions its terms had."""

import html
import importlib
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.urls import reverse

from hivemind.kit import clock
from rooms.models import Room
from rooms.services import rooms as service
from tests.factories import rooms, tenants
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person

LIST = "/admin/rooms/room/"


@pytest.fixture
def alice(db: None) -> Person:
    return tenants.with_database(tenants.alice())


@pytest.fixture
def room(alice: Person) -> MadeRoom:
    return rooms.room(alice, name="pilot")


def page(client: Client, room: MadeRoom) -> str:
    answer = client.get(reverse("admin:rooms_room_change", args=[quote(room.room_id)]))
    assert answer.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def listed(client: Client, answer: str) -> set[str]:
    return {row.pk for row in client.get(LIST, {"living": answer}).context["cl"].result_list}


def test_a_living_room_has_no_end(olga: Client, room: MadeRoom) -> None:
    assert "Its end" not in page(olga, room)


def test_an_end_that_the_owner_signed_is_verified(olga: Client, alice: Person, room: MadeRoom) -> None:
    alice.client.delete(room.url)
    text = page(olga, room)
    assert "Signed by the owner yes, verified now" in text and "Serial of the end 2" in text
    Room.objects.update(revoked_at=None)
    assert "the row was changed past the service" in page(olga, room)


def test_an_end_that_nobody_signed_is_said_to_be_so(olga: Client, alice: Person, room: MadeRoom) -> None:
    service.end(room.row, actor=alice.owner.actor)
    text = page(olga, room)
    assert "Signed by the owner no" in text and f"POST /v1/rooms/{room.room_id}/revocation/sign" in text


def test_an_end_that_somebody_made_up_verifies_as_nothing(olga: Client, alice: Person, room: MadeRoom) -> None:
    alice.client.delete(room.url)
    forged = json.loads(room.row.revocation)
    forged["statement"]["serial"] = 9
    Room.objects.update(revocation=json.dumps(forged))
    text = page(olga, room)
    assert "The agreement does not verify" in text and "Serial of the end" not in text


def test_versions_are_told_with_who_made_them(olga: Client, alice: Person, room: MadeRoom) -> None:
    first = room.row.manifest_hash
    assert post(alice.client, f"{room.url}/trust", {"mode": "pinned", "allowed_composes": ["aa"]}).status_code == 200
    text = page(olga, room).partition("Versions of its terms")[2]
    second = room.row.manifest_hash
    assert re.search(f"2 {second[:16]}… .*? 1 {first[:16]}…", text)
    assert alice.owner.actor.name.replace(":", " ") in text and "the serial fell" not in text


def test_terms_that_were_put_back_past_the_service_are_red(olga: Client, alice: Person, room: MadeRoom) -> None:
    old = Room.objects.values("envelope", "manifest_hash", "serial").get()
    post(alice.client, f"{room.url}/trust", {"mode": "pinned", "allowed_composes": ["aa"]})
    new = Room.objects.values("envelope", "manifest_hash").get()
    Room.objects.update(**old)
    assert "the serial fell" in page(olga, room)
    Room.objects.update(**new)
    assert "other terms under the same serial" in page(olga, room)
    Room.objects.update(owner_pubkey_b64="another")
    assert "another owner's key" in page(olga, room)


def test_versions_are_for_those_who_may_see_changes(alice: Person, room: MadeRoom) -> None:
    user = User.objects.create_user("ines", password="a password of hers", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_room"))
    ines = Client()
    ines.force_login(user)
    assert "Versions of its terms" not in page(ines, room)


def test_a_room_that_expired_is_not_in_force(olga: Client, alice: Person, room: MadeRoom) -> None:
    ends = clock.now() + timedelta(hours=1)
    ending = rooms.room(alice, expires_at=ends.timestamp())
    assert ending.row.expires_at == ends
    post(alice.client, f"{ending.url}/trust", {"mode": "pinned", "allowed_composes": ["aa"]})
    assert ending.row.expires_at == ends
    assert listed(olga, "yes") == {room.room_id, ending.room_id}
    Room.objects.filter(pk=ending.room_id).update(expires_at=clock.now())
    assert (listed(olga, "yes"), listed(olga, "expired"), listed(olga, "no")) == (
        {room.room_id},
        {ending.room_id},
        set(),
    )
    assert "expired" in page(olga, ending)
    rooms_in_force = next(c for c in olga.get("/admin/").context["counts"] if c.title == "Rooms in force")
    assert (rooms_in_force.number, rooms_in_force.remark) == ("1", "1 revoked or expired")


def test_rooms_of_before_are_told_when_they_expire(alice: Person, room: MadeRoom) -> None:
    migration = importlib.import_module("rooms.migrations.0004_room_expiry")
    ending = rooms.room(alice, expires_at=4_000_000_000)
    damaged = rooms.room(alice)
    Room.objects.update(expires_at=None)
    Room.objects.filter(pk=damaged.room_id).update(envelope='{"manifest": {"expires_at": "x')
    with connection.schema_editor() as editor:
        migration.fill(apps, editor)
    assert ending.row.expires_at == datetime.fromtimestamp(4_000_000_000, UTC)
    assert room.row.expires_at is None and damaged.row.expires_at is None
