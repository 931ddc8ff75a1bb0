"""Pages that answer one question over all rows: who fills the disk, and which rooms refuse the running build."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from agents.models import Agent
from agents.packages.limits import MIB
from attestation.server import signer
from hivemind import admin_business
from hivemind.kit import clock
from rooms.models import Room
from tests.admin import proof
from tests.factories import rooms, tenants
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

SPACE, BY_BUILD = "/admin/agents/agent/space/", "/admin/rooms/room/by_build/"
LIVE, OLD = "ab" * 32, "cd" * 32


@pytest.fixture
def alice(db: None) -> Person:
    return tenants.with_database(tenants.alice())


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> None:
    """A build whose hash a quote proved."""
    monkeypatch.setattr(signer, "compose_hash", lambda: LIVE)


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def image(person: Person, image_id: str, size_mb: int) -> None:
    made = rooms.agent(person)
    Agent.objects.filter(pk=made.pk).update(
        image_id=f"sha256:{image_id}", image_bytes=size_mb * MIB, source_bytes=1_000
    )


def pinned(alice: Person, *composes: str) -> MadeRoom:
    return rooms.room(alice, name=composes[0][:4], trust_mode="pinned", allowed_composes=composes)


def test_the_tenant_with_the_largest_images_stands_first_and_shared_ones_count_once(
    olga: Client, alice: Person
) -> None:
    image(alice, "1" * 64, 100)
    image(alice, "1" * 64, 100)
    image(alice, "2" * 64, 20)
    carol = tenants.carol()
    image(carol, "3" * 64, 150)
    told = text(olga, SPACE)
    assert re.search(r"carol 1 of [\d,]+ 1000 bytes of \S+ \S+ 1 of \d+ 150.0 MB its agents alice 3 of", told)
    assert "2 of " in told and "120.0 MB" in told
    page = text(olga, f"/admin/tenants/tenant/{alice.tenant.pk}/change/")
    assert "120.0 MB" in page and "150.0 MB" not in page


def test_nobody_fills_anything_at_first(olga: Client) -> None:
    assert "Nobody has uploaded anything." in text(olga, SPACE)
    assert "Every room in force follows" in text(olga, BY_BUILD)


@pytest.mark.usefixtures("running")
def test_rooms_that_refuse_the_running_build_stand_first(olga: Client, alice: Person) -> None:
    proof.build(OLD, age_seconds=timedelta(days=3).total_seconds())
    accepting, refusing = pinned(alice, LIVE, OLD), pinned(alice, OLD)
    rooms.room(alice, name="follows", rules='{"mode": "pinned"}')
    told = text(olga, BY_BUILD)
    assert "Rooms that refuse it 1 Rooms that accept it 1" in told
    assert told.index(refusing.row.name) < told.index(f"{accepting.row.name} alice")
    assert "follows alice" not in told and "3 days ago" in told
    assert "refused: compose not allowed" in text(olga, f"/admin/rooms/room/{refusing.room_id}/change/")


@pytest.mark.usefixtures("running")
def test_the_first_page_counts_rooms_that_are_locked_out(olga: Client, alice: Person) -> None:
    pinned(alice, LIVE)
    assert not [need for need in olga.get("/admin/").context["needs"] if "no build" in need.text]
    refusing, over = pinned(alice, OLD), pinned(alice, OLD)
    Room.objects.filter(pk=over.room_id).update(expires_at=clock.now())
    admin_business.soon.forget()
    [need] = [need for need in olga.get("/admin/").context["needs"] if "no build" in need.text]
    assert need.text == "1 room in force accepts no build that runs now"
    assert refusing.row.name in text(olga, need.url)


def test_without_evidence_rooms_that_name_builds_refuse(olga: Client, alice: Person) -> None:
    pinned(alice, LIVE)
    told = text(olga, BY_BUILD)
    assert "not known: there is no evidence" in told and "Rooms that refuse it 1" in told
    assert admin_business.soon()["rooms locked out"][""].number == 1


@pytest.mark.usefixtures("running")
def test_a_damaged_room_shows_nothing_of_its_terms(olga: Client, alice: Person) -> None:
    room = pinned(alice, LIVE)
    Room.objects.update(envelope=room.row.envelope.replace(LIVE, OLD))
    told = text(olga, BY_BUILD)
    assert "does not verify" in told and "Rooms that refuse it 1" in told


@pytest.mark.usefixtures("running")
def test_more_rooms_need_no_more_queries(olga: Client, alice: Person) -> None:
    counts = []
    for _ in range(2):
        for _ in range(3):
            pinned(alice, OLD)
            image(alice, f"{Agent.objects.count():064x}", 1)
        for address in (SPACE, BY_BUILD):
            with CaptureQueriesContext(connection) as queries:
                olga.get(address)
            counts.append(len(queries))
    assert counts[:2] == counts[2:] and max(counts) < 12


def test_who_may_not_see_rooms_sees_no_report_of_them(db: None) -> None:
    user = User.objects.create_user("ines", password="a password of hers", is_staff=True)
    ines = Client()
    ines.force_login(user)
    assert {ines.get(address).status_code for address in (SPACE, BY_BUILD)} == {403}
