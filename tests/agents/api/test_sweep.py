"""POST /v1/admin/agents/sweep-broken: what is beyond repair goes, and nothing else."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import close_old_connections
from django.test import Client

from agents.models import Agent, ImageBuild, SourceFile, SourceKeyWrap
from agents.services import builds, images, sweep
from hivemind.kit import clock
from hivemind.kit.audit import Actor
from hivemind.kit.models import AuditEvent
from runner.engine.errors import EngineUnavailable
from tenants.services import api_keys
from tests.factories import operator, rooms, tenants
from tests.factories.operator import OperatorBattery
from tests.factories.tenants import Person
from tests.fakes.engine import FakeEngine

PATH = "/v1/admin/agents/sweep-broken"
OLGA = Actor.operator("olga")


class TestSweep(OperatorBattery):
    method = "post"
    path = PATH
    most_queries = 1


@pytest.fixture
def olga(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """The operator of a service whose engine has no images."""
    engine = FakeEngine()
    for module in ("sweep", "removal"):
        monkeypatch.setattr(f"agents.services.{module}.engine", lambda: engine)
    with operator.configured() as agent:
        yield agent


def whole(person: Person, **fields: Any) -> Agent:
    """An agent whose source is complete and whose image is gone."""
    agent = rooms.agent(person)
    SourceFile.objects.filter(agent=agent).update(path="Dockerfile")
    Agent.objects.filter(pk=agent.pk).update(**fields)
    return Agent.objects.get(pk=agent.pk)


def build(agent: Agent, status: str, error: str = "") -> None:
    now = clock.now()
    ended = None if status in ("pending", "running") else now
    ImageBuild.objects.create(
        id=agent.pk[::-1],
        agent=agent,
        status=status,
        error=error,
        created_at=now,
        updated_at=now,
        deadline_at=now,
        ended_at=ended,
    )


def swept(olga: Client, query: str = "") -> dict[str, Any]:
    response = olga.post(PATH + query)
    assert response.status_code == 200, response.content
    return dict(response.json())


def reasons(olga: Client) -> list[str]:
    return [orphan["reason"] for orphan in swept(olga)["orphans"]]


def test_an_agent_whose_source_is_whole_stays_whatever_became_of_its_image(olga: Client) -> None:
    agents = [whole(tenants.alice()), whole(tenants.bob(), image_id="")]
    for error in ("A step of the Dockerfile failed.", builds.WORKER_GONE):
        agents.append(whole(tenants.person(error[:9]), image_id=""))
        build(agents[-1], "failed", error)
    assert swept(olga) == {"dry_run": False, "count": 0, "deleted": 0, "orphans": []}
    assert Agent.objects.count() == len(agents)


def test_what_a_trial_finds_is_what_the_sweep_deletes(olga: Client) -> None:
    person = tenants.alice()
    agent = whole(person, name="old")
    SourceFile.objects.filter(agent=agent).delete()
    orphan = {
        "tenant_id": person.tenant.id,
        "tenant_name": "alice",
        "agent_id": agent.pk,
        "name": "old",
        "agent_type": "scope",
        "image": agent.image_tag,
        "reason": "source_incomplete",
        "deleted": False,
    }
    assert swept(olga, "?dry_run=true") == {"dry_run": True, "count": 1, "deleted": 0, "orphans": [orphan]}
    assert Agent.objects.filter(pk=agent.pk).exists()
    done = swept(olga)
    assert done == {"dry_run": False, "count": 1, "deleted": 1, "orphans": [orphan | {"deleted": True}]}
    assert not Agent.objects.filter(pk=agent.pk).exists()
    event = AuditEvent.objects.get(action="agent.delete")
    assert (event.actor, event.subject, event.tenant_id) == ("operator:admin key", agent.pk, person.tenant.id)
    assert swept(olga)["count"] == 0


def test_a_source_without_a_dockerfile_or_with_a_file_missing_is_incomplete(olga: Client) -> None:
    rooms.agent(tenants.alice())
    whole(tenants.bob(), files_count=2)
    assert reasons(olga) == ["source_incomplete", "source_incomplete"]


def test_a_source_that_the_last_build_found_changed_cannot_be_built_again(olga: Client) -> None:
    agent = whole(tenants.alice())
    build(agent, "failed", images.SOURCE_CHANGED)
    assert reasons(olga) == ["source_changed"]


def test_a_source_whose_key_went_with_the_seal_is_unreadable(olga: Client) -> None:
    person = tenants.alice()
    whole(person)
    api_keys.reset(person.tenant.id, actor=OLGA, clear_seal=False, revoke_capabilities=False)
    assert reasons(olga) == []
    api_keys.reset(person.tenant.id, actor=OLGA, clear_seal=True, revoke_capabilities=False)
    assert reasons(olga) == ["source_unreadable"]


def test_a_rotated_key_keeps_every_source_readable(olga: Client) -> None:
    person = tenants.alice()
    whole(person)
    api_keys.rotate(person.owner)
    assert reasons(olga) == []


def test_a_source_that_a_room_may_still_open_is_not_unreadable(olga: Client) -> None:
    agent = whole(tenants.alice())
    SourceKeyWrap.objects.filter(agent=agent).update(holder="room:room_0123456789ab")
    assert reasons(olga) == []


def test_an_agent_with_its_image_stays_and_so_does_one_being_built(
    olga: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_image, building = rooms.agent(tenants.alice()), rooms.agent(tenants.bob())
    build(building, "running")
    monkeypatch.setattr(builds, "current_image", lambda agent, engine: object())
    assert reasons(olga) == []
    assert Agent.objects.filter(pk__in=[with_image.pk, building.pk]).count() == 2


def test_while_the_engine_cannot_be_asked_only_what_never_had_an_image_goes(
    olga: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable() -> None:
        raise EngineUnavailable("no engine")

    for module in ("sweep", "removal"):
        monkeypatch.setattr(f"agents.services.{module}.engine", unavailable)
    had, never = rooms.agent(tenants.alice()), rooms.agent(tenants.bob())
    Agent.objects.filter(pk=never.pk).update(image_id="")
    assert [orphan["agent_id"] for orphan in swept(olga)["orphans"]] == [never.pk]
    assert Agent.objects.filter(pk=had.pk).exists()


@pytest.mark.parametrize("wrapped", [True, False])
def test_an_agent_that_a_room_in_force_names_is_never_deleted(olga: Client, wrapped: bool) -> None:
    person = tenants.with_database(tenants.alice())
    agent = rooms.agent(person)
    room = rooms.room(person, scope_agent_id=agent.pk)
    if not wrapped:
        SourceKeyWrap.objects.filter(agent=agent).delete()
    for query in ("?dry_run=true", ""):
        found = swept(olga, query)
        assert (found["count"], found["deleted"]) == (1, 0)
        assert "named by a room" in found["orphans"][0]["error"]
    assert person.client.delete(room.url).status_code == 200
    assert swept(olga)["deleted"] == 1


@pytest.mark.parametrize("query", ["?dry_run=perhaps", "?dryrun=true", "?dry_run=%00", "?dry_run=" + "1" * 5_000])
def test_a_misspelt_trial_deletes_nothing(olga: Client, query: str) -> None:
    rooms.agent(tenants.alice())
    assert olga.post(PATH + query).status_code == 422
    assert Agent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_sweeps_at_once_each_agent_is_deleted_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine()
    for module in ("sweep", "removal"):
        monkeypatch.setattr(f"agents.services.{module}.engine", lambda: engine)
    for _ in range(5):
        rooms.agent(tenants.alice() if not Agent.objects.exists() else tenants.person(f"p{Agent.objects.count()}"))
    start, results = threading.Barrier(3), []

    def run() -> None:
        try:
            start.wait()
            results.append(sweep.sweep(actor=OLGA, dry_run=False))
        finally:
            close_old_connections()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 3
    deleted = [orphan.agent.name for found in results for orphan in found if orphan.deleted]
    assert len(deleted) == 5 and not Agent.objects.exists()
    assert AuditEvent.objects.filter(action="agent.delete").count() == 5
