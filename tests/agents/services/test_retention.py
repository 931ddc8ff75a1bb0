"""What participants brought goes when its time is over, and images go when there are too many; what is used stays."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.errors import AgentBusy
from agents.models import Agent, ImageBuild, SourceFile, SourceKeyWrap
from agents.services import removal, retention
from hivemind.kit import clock
from hivemind.kit.audit import Actor
from hivemind.kit.conf import override
from hivemind.kit.handoff import WorkerIdentity
from hivemind.kit.models import AuditEvent
from runner.engine.errors import EngineUnavailable
from tests.factories import rooms
from tests.factories import runs as factory
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person
from tests.fakes.engine import FakeEngine

WEEK = timedelta(days=7)


def brought(alice: Person, room: MadeRoom, *, token: str = "") -> Agent:
    agent = rooms.agent(alice, "query", room_id=room.room_id, sealed=True)
    Agent.objects.filter(pk=agent.pk).update(uploader_token_id=token)
    agent.refresh_from_db()
    return agent


def built(engine: FakeEngine, agent: Agent) -> None:
    info = engine.add_image(agent.image_tag, lambda inside: 0)
    Agent.objects.filter(pk=agent.pk).update(image_id=info.id, image_bytes=7)
    agent.refresh_from_db()


def age(agent: Agent, *, created: timedelta, used: timedelta | None = None) -> None:
    now = clock.now()
    Agent.objects.filter(pk=agent.pk).update(created_at=now - created, used_at=now - used if used else None)


def test_a_package_that_nobody_used_for_a_week_goes_with_source_image_and_builds(
    alice: Person, fake_engine: FakeEngine
) -> None:
    room = rooms.room(alice)
    old, used, young = (brought(alice, room) for _ in range(3))
    own = rooms.agent(alice, "query")
    for agent in (old, used, young, own):
        built(fake_engine, agent)
    age(old, created=2 * WEEK, used=WEEK + timedelta(minutes=1))
    age(used, created=2 * WEEK, used=timedelta(days=6))
    age(own, created=20 * WEEK)
    retention.sweep()
    assert set(Agent.objects.filter(agent_type="query").values_list("pk", flat=True)) == {used.pk, young.pk, own.pk}
    assert fake_engine.image_info(old.image_tag) is None
    assert fake_engine.image_info(used.image_tag) is not None
    assert not SourceFile.objects.filter(agent_id=old.pk).exists()
    assert not SourceKeyWrap.objects.filter(agent_id=old.pk).exists()
    event = AuditEvent.objects.get(action="agent.delete")
    assert (event.actor, event.subject) == ("system:retention", old.pk)


def test_packages_of_a_revoked_room_or_invite_go_at_once(alice: Person, fake_engine: FakeEngine) -> None:
    over, going = rooms.room(alice), rooms.room(alice)
    token = going.guest.token_id
    in_over, of_guest, of_owner = brought(alice, over), brought(alice, going, token=token), brought(alice, going)
    alice.client.delete(over.url)
    assert alice.client.delete(f"/v1/tenant/tokens/{token}").status_code == 200
    retention.sweep()
    left = set(Agent.objects.filter(agent_type="query").values_list("pk", flat=True))
    assert left == {of_owner.pk}
    assert {in_over.pk, of_guest.pk}.isdisjoint(left)


def test_a_package_that_a_living_run_uses_stays(alice: Person, fake_engine: FakeEngine, worker: WorkerIdentity) -> None:
    room = factory.room_with_agents(alice)
    run = factory.ask(alice.owner, room)
    agent = Agent.objects.get(pk=run.query_agent_id)
    Agent.objects.filter(pk=agent.pk).update(room_id=room.room_id)
    age(agent, created=2 * WEEK)
    retention.sweep()
    assert Agent.objects.filter(pk=agent.pk).exists()
    with pytest.raises(AgentBusy):
        removal.delete(Agent.objects.get(pk=agent.pk), actor=Actor.system("test"))


def test_of_too_many_images_those_not_used_for_longest_go_and_their_sources_stay(
    alice: Person, bob: Person, fake_engine: FakeEngine
) -> None:
    first, second, third = (rooms.agent(alice, "query") for _ in range(3))
    for days, agent in enumerate((first, second, third)):
        built(fake_engine, agent)
        age(agent, created=WEEK, used=timedelta(days=3 - days))
    bobs = rooms.agent(bob, "query")
    built(fake_engine, bobs)
    with override("uploads", images_per_tenant=2):
        retention.sweep()
    assert fake_engine.image_info(first.image_tag) is None
    first.refresh_from_db()
    assert (first.image_id, first.image_bytes) == ("", 0)
    assert SourceFile.objects.filter(agent=first).exists()
    assert all(fake_engine.image_info(agent.image_tag) for agent in (second, third, bobs))


def test_agents_that_share_an_image_count_once_and_lose_it_together(alice: Person, fake_engine: FakeEngine) -> None:
    one, two, other = (rooms.agent(alice, "query") for _ in range(3))
    built(fake_engine, one)
    Agent.objects.filter(pk=two.pk).update(image_id=one.image_id)
    fake_engine._images[two.image_tag] = fake_engine._images[one.image_tag]
    built(fake_engine, other)
    age(one, created=WEEK, used=timedelta(hours=1))
    age(two, created=WEEK)
    age(other, created=WEEK, used=timedelta(hours=2))
    with override("uploads", images_per_tenant=2):
        retention.sweep()
    assert fake_engine.calls["remove_image"] == 0
    with override("uploads", images_per_tenant=1):
        retention.sweep()
    assert fake_engine.image_info(other.image_tag) is None
    assert fake_engine.image_info(one.image_tag) is not None


def test_an_image_stays_until_the_last_of_its_agents_goes(alice: Person, fake_engine: FakeEngine) -> None:
    one, two = (rooms.agent(alice, "query") for _ in range(2))
    built(fake_engine, one)
    fake_engine._images[two.image_tag] = fake_engine._images[one.image_tag]
    removal.delete(one, actor=alice.owner.actor)
    assert fake_engine.image_info(one.image_id) is not None
    removal.delete(two, actor=alice.owner.actor)
    assert fake_engine.image_info(one.image_id) is None


def test_an_image_is_not_taken_from_a_build_that_goes_on(alice: Person, fake_engine: FakeEngine) -> None:
    one, two = (rooms.agent(alice, "query") for _ in range(2))
    for agent in (one, two):
        built(fake_engine, agent)
        age(agent, created=WEEK)
        now = clock.now()
        ImageBuild.objects.create(id=f"{agent.pk}ab", agent=agent, created_at=now, updated_at=now, deadline_at=now)
    with override("uploads", images_per_tenant=1):
        retention.sweep()
    assert fake_engine.calls["remove_image"] == 0


def test_images_of_agents_that_are_gone_are_cleaned_up_and_others_are_not(
    alice: Person, fake_engine: FakeEngine
) -> None:
    agent = rooms.agent(alice, "query")
    built(fake_engine, agent)
    fake_engine.add_image("hivemind-agent-t_000000000000-aaaaaaaaaaaa:latest", lambda inside: 0)
    fake_engine.add_image("something-else:latest", lambda inside: 0)
    retention.clean_engine()
    tags = {tag for image in fake_engine.list_images() for tag in image.tags}
    assert tags == {agent.image_tag, "something-else:latest"}
    assert fake_engine.calls["prune_images"] == 1


def test_an_image_without_an_agent_that_is_young_is_left_for_later(alice: Person, fake_engine: FakeEngine) -> None:
    fake_engine.add_image("hivemind-agent-t_000000000000-aaaaaaaaaaaa:latest", lambda inside: 0)
    fake_engine.made_at = datetime.now(UTC) - timedelta(minutes=50)
    retention.clean_engine()
    assert len(fake_engine.list_images()) == 1


def test_an_engine_that_does_not_answer_stops_nothing_else(alice: Person, fake_engine: FakeEngine) -> None:
    old = brought(alice, rooms.room(alice))
    age(old, created=2 * WEEK)
    fake_engine.fail_next("remove_image", EngineUnavailable("gone"))
    retention.sweep()
    assert not Agent.objects.filter(pk=old.pk).exists()
    fake_engine.fail_next("list_images", EngineUnavailable("gone"))
    retention.clean_engine()
