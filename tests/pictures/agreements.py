"""Rooms that changed their terms, ended or pin a build; agents with images, some of them shared, and their builds."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from agents.enums import AgentType
from agents.models import Agent, ImageBuild
from agents.packages.limits import MIB
from agents.services import builds
from hivemind.kit import ids
from hivemind.kit.models import ScheduledJob
from hivemind.kit.services import jobs
from rooms.models import Room
from rooms.selectors import rooms as selectors
from rooms.services import rooms as services
from rooms.services import trust
from rooms.services.trust import TrustChange
from tests.factories import rooms
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person
from tests.pictures import asks, proof
from tests.pictures.moments import NOW, ago, done_by


@dataclass(frozen=True)
class Shown:
    """What the pictures point at."""

    changed_room: str
    ended_room: str


def fill(alice: Person, nordlicht: Person) -> Shown:
    """Write it all."""
    changed = _room(nordlicht, "waiting times", days=21, trust_mode="pinned", allowed_composes=(proof.OLD,))
    _approve(nordlicht, changed, days=9)
    _room(nordlicht, "staff survey", days=19, trust_mode="pinned", allowed_composes=(proof.OLD,))
    ended = _room(alice, "autumn campaign", days=16, expires_at=(NOW + timedelta(days=40)).timestamp())
    with done_by(alice.owner.actor, ago(days=2)):
        services.revoke(alice.owner, ended.room_id)
    _room(alice, "one week's panel", days=11, expires_at=ago(days=4).timestamp())
    _images(alice, nordlicht)
    _jobs()
    return Shown(changed.room_id, ended.room_id)


def _room(owner: Person, name: str, *, days: int, **terms: object) -> MadeRoom:
    with done_by(owner.owner.actor, ago(days=days)):
        return rooms.room(owner, name=name, llm_providers=(), **terms)


def _approve(owner: Person, room: MadeRoom, *, days: int) -> None:
    with done_by(owner.owner.actor, ago(days=days)):
        loaded = selectors.load(owner.owner, room.room_id)
        trust.update(owner.owner, loaded, TrustChange(allowed_composes=(proof.OLD, proof.NEW)))


def _images(alice: Person, nordlicht: Person) -> None:
    """Images of every agent; a query agent that was brought twice and shares one; builds that failed."""
    for number, agent in enumerate(Agent.objects.order_by("created_at", "pk")):
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        size = 150 + 37 * (number % 5)
        Agent.objects.filter(pk=agent.pk).update(
            image_id=f"sha256:{digest}",
            image_bytes=size * MIB,
            source_bytes=9_000 + 4_321 * (number % 7),
            used_at=ago(hours=3 * number + 1),
        )
        _build(agent, hours=24 * 29 - number)
    room = Room.objects.filter(tenant=alice.tenant, name="viewing habits").get()
    brought = [rooms.agent(alice, AgentType.QUERY, sealed=True, room_id=room.pk) for _ in range(2)]
    shared = hashlib.sha256(b"shared").hexdigest()
    for age, agent in enumerate(brought, start=1):
        Agent.objects.filter(pk=agent.pk).update(
            name="weekly-digest",
            uploader_token_id="5b1c09e2d7aa",
            image_id=f"sha256:{shared}",
            image_bytes=512 * MIB,
            source_bytes=41_300,
            created_at=ago(hours=5 * age),
        )
        _build(agent, hours=5 * age, shared=age == 1)
    failing = rooms.agent(nordlicht, AgentType.QUERY)
    Agent.objects.filter(pk=failing.pk).update(name="ward-report", image_id="", image_bytes=0, source_bytes=18_200)
    _build(failing, hours=3.4, error="the uploader's own pip said no")
    _build(failing, hours=3.1, error=builds.WORKER_GONE)


def _build(agent: Agent, *, hours: float, error: str = "", shared: bool = False) -> None:
    asked = ago(hours=hours)
    took = timedelta(seconds=0.4 if shared else 14)
    ImageBuild.objects.create(
        id=ids.run_id(),
        agent=agent,
        status="failed" if error else "completed",
        fence=1,
        worker_id=asks.WORKER,
        step=3 if error else 5,
        steps=5,
        shared=shared,
        error=error,
        created_at=asked,
        started_at=asked + timedelta(seconds=0.3),
        ended_at=asked + timedelta(seconds=0.3) + took,
        deadline_at=asked + timedelta(minutes=10),
        updated_at=asked + took,
    )


def _jobs() -> None:
    """Every job well, but one that the engine lets down."""
    jobs.declare()
    for job in ScheduledJob.objects.all():
        apart = jobs.period(job.name)
        ended = NOW - apart * 0.4
        took = 40 + 13 * (len(job.name) % 9)
        ScheduledJob.objects.filter(pk=job.pk).update(
            declared_at=ago(days=34), ended_at=ended, succeeded_at=ended, took_ms=took
        )
    ScheduledJob.objects.filter(pk="retain-uploads").update(
        succeeded_at=NOW - timedelta(minutes=17),
        failing_since=NOW - timedelta(minutes=12),
        failures=3,
        failure="OperationalError",
    )
