"""What becomes of a brought package: its build's log, and its removal by whoever brought it."""

from collections.abc import Iterator

import pytest
from django.test import Client

from agents.models import Agent, SourceFile
from agents.services import builds, sources
from agents.services import engine as engine_module
from hivemind.kit import worker as worker_module
from hivemind.kit.handoff import WorkerIdentity
from hivemind.kit.models import AuditEvent
from rooms.services import opening
from runner.models import Run
from tests.agents.api.test_room_agents import upload
from tests.factories import packages, rooms
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person, client
from tests.fakes.engine import FakeEngine
from tests.runner.api.test_query_agents_api import bring


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, worker: WorkerIdentity) -> Iterator[FakeEngine]:
    """An engine that prints a line for each build, in a process that is a worker."""
    fake = FakeEngine()
    fake.prints = ("Step 1/2 : FROM x\n", "Step 2/2 : RUN y\n", "canary-printed\n")
    monkeypatch.setattr(engine_module, "_engine", fake)
    monkeypatch.setattr(worker_module, "identity", lambda: worker)
    yield fake


@pytest.fixture(params=["sealed", "inspectable"])
def room(request: pytest.FixtureRequest, alice: Person) -> MadeRoom:
    return rooms.room(alice, llm_providers=(), query_visibility=request.param)


@pytest.fixture
def agent(room: MadeRoom, bob: Person, engine: FakeEngine) -> Agent:
    """Bob's package, built."""
    by = room.bob
    by.defaults["HTTP_X_HIVEMIND_API_KEY"] = bob.api_key
    sent = bring(by, room, packages.package("pass")).json()
    made = Agent.objects.get(pk=sent["agent_id"])
    key = _key(made, room)
    builds.ensure_image(made, key, engine, order=builds.Order(run_id=sent["run_id"]))
    return made


def _key(agent: Agent, room: MadeRoom) -> bytes:
    room_key = opening.open_room_key(room.owner.owner, room.row)
    return sources.open_source_key(agent, room_id=room.room_id, room_key=room_key)


def test_only_who_brought_it_reads_what_its_build_printed(room: MadeRoom, agent: Agent, carol: Person) -> None:
    url = f"/v1/room-agents/{agent.pk}/build"
    body = room.bob.get(url).json()
    assert (body["status"], body["step"], body["steps"], body["error"]) == ("completed", 2, 2, None)
    assert "canary-printed" in body["log"]
    assert body["run_id"] == Run.objects.get().pk
    assert room.owner.client.get(url).json()["code"] == "build_not_found"
    assert carol.client.get(url).status_code == 404
    assert client(room.share()).get(url).status_code == 403


def test_an_owner_reads_the_log_of_its_own_agent(room: MadeRoom, engine: FakeEngine) -> None:
    alice = room.owner
    sent = upload(alice.client).json()
    builds.execute(sent["run_id"])
    body = alice.client.get(f"/v1/room-agents/{sent['agent_id']}/build").json()
    assert (body["build_id"], body["run_id"], body["status"]) == (sent["run_id"], None, "completed")
    assert "canary-printed" in body["log"]
    assert room.bob.get(f"/v1/room-agents/{sent['agent_id']}/build").status_code == 404


def test_a_run_shows_how_far_its_build_is(room: MadeRoom, agent: Agent) -> None:
    run = Run.objects.get()
    for by in (room.bob, room.owner.client):
        build = by.get(f"/v1/runs/{run.pk}").json()["build"]
        assert (build["status"], build["step"], build["steps"], build["shared"]) == ("completed", 2, 2, False)
        assert "canary" not in str(build)


def test_who_brought_it_deletes_it_once_its_run_is_over(room: MadeRoom, agent: Agent, engine: FakeEngine) -> None:
    url = f"/v1/room-agents/{agent.pk}"
    assert room.bob.delete(url).json()["code"] == "agent_busy"
    assert room.bob.delete(f"/v1/runs/{Run.objects.get().pk}").status_code == 200
    assert room.bob.delete(url).status_code == 200
    assert room.bob.get(url).status_code == 404
    assert engine.image_info(agent.image_tag) is None
    assert not SourceFile.objects.filter(agent_id=agent.pk).exists()
    assert AuditEvent.objects.get(action="agent.delete").actor == f"invite:{room.guest.token_id}"
    assert room.bob.get(f"/v1/runs/{Run.objects.get().pk}").json()["agent_id"] == agent.pk


def test_a_guest_deletes_nothing_that_is_not_its_own(room: MadeRoom, agent: Agent, carol: Person) -> None:
    scope = Agent.objects.get(agent_type="scope")
    assert room.bob.delete(f"/v1/room-agents/{scope.pk}").status_code == 403
    assert client(room.share()).delete(f"/v1/room-agents/{agent.pk}").status_code == 403
    assert carol.client.delete(f"/v1/room-agents/{agent.pk}").status_code == 404
    assert Client().delete(f"/v1/room-agents/{agent.pk}").status_code == 401
    Agent.objects.filter(pk=agent.pk).update(uploader_token_id="another")
    assert room.bob.delete(f"/v1/room-agents/{agent.pk}").status_code == 404
