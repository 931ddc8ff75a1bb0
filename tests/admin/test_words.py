"""The words of the lists: every state and every reason has one, and a build's own output is none of them."""

import pytest
from django.test import Client
from django.urls import reverse

from agents.admin import builds as builds_admin
from agents.enums import BuildStatus
from agents.models import Agent, ImageBuild
from agents.services import builds
from hivemind.kit import clock
from hivemind.kit.models import AuditEvent
from rooms.models import Room
from runner.admin import states
from runner.enums import FailureCode, RunStatus
from runner.models import Run
from tenants.models import Tenant
from tests.admin import rows
from tests.factories import rooms
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person


def test_every_state_has_a_colour_and_every_reason_a_sentence() -> None:
    assert set(states.COLOURS) == set(RunStatus.values)
    assert set(builds_admin.COLOURS) == set(BuildStatus.values)
    assert set(states.WHOSE) == set(FailureCode)


@pytest.mark.parametrize(
    ("silent_seconds", "age_seconds", "told"), [(60, 10, builds.WORKER_GONE), (0, 700, "its deadline passed")]
)
def test_reasons_of_our_own_are_told(
    olga: Client, alice: Person, silent_seconds: float, age_seconds: float, told: str
) -> None:
    rows.worker(silent_seconds=silent_seconds)
    build = rows.build(rooms.agent(alice), "running", age_seconds=age_seconds)
    ImageBuild.objects.update(worker_id="worker-1")
    builds.sweep()
    assert ImageBuild.objects.get().status == BuildStatus.FAILED
    for address in (reverse("admin:agents_imagebuild_changelist"), f"/admin/agents/imagebuild/{build.pk}/change/"):
        assert told in olga.get(address).content.decode()


def test_what_a_build_printed_is_not_told(olga: Client, alice: Person) -> None:
    rows.build(rooms.agent(alice), "failed")
    text = olga.get(reverse("admin:agents_imagebuild_changelist")).content.decode()
    assert builds_admin.UPLOADERS in text and "build-output" not in text


def test_names_are_text_and_never_markup(olga: Client, everything: tuple[Person, MadeRoom]) -> None:
    alice, room = everything
    evil = "<script>alert(1)</script>"
    Tenant.objects.update(name=evil)
    Room.objects.update(name=evil)
    Agent.objects.update(name=evil)
    AuditEvent.objects.create(at=clock.now(), actor=evil, action=evil, subject=evil, details={evil: evil})
    pages = [
        f"/admin/tenants/tenant/{alice.tenant.pk}/{name}/" for name in ("change", "suspend", "rename", "reset_key")
    ]
    pages += [f"/admin/rooms/room/{room.room_id}/change/", f"/admin/runner/run/{Run.objects.first().pk}/change/"]
    lists = ("tenants/tenant", "rooms/room", "agents/agent", "agents/imagebuild", "runner/run", "kit/auditevent")
    for address in ("/admin/", *pages, *(f"/admin/{name}/" for name in lists)):
        text = olga.get(address).content.decode()
        assert evil not in text and "&lt;script&gt;alert" in text, address
