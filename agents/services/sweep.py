"""Clearing away agents that nobody can ever run again.

An agent is broken when all of this holds:

- it has no image: none was ever built, or the engine says that the one built last is gone;
- no build of it waits or runs;
- its image cannot be built from the stored source either, because that is

  - incomplete: files that were counted at upload are missing, or there is no Dockerfile among them,
  - changed: the newest build found other content than what was uploaded, or
  - unreadable: nobody holds a copy of its key that opens, because the tenant's seal was cleared since.

A build that failed for another reason, of a base image that was missing, of a full disk, may succeed another day: such
an agent is left alone, and so is one whose tenant waits for its old key, and one that a room in force names.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from agents import hooks
from agents.enums import BuildStatus
from agents.errors import AgentBusy, AgentInUse, AgentNotFound
from agents.models import Agent, ImageBuild, SourceFile, SourceKeyWrap
from agents.services import builds, images, removal, sources
from agents.services.engine import engine
from hivemind.kit.audit import Actor
from runner.engine.errors import EngineError
from tenants.models import SERVICE_TENANT_ID, TenantSecret

Reason = Literal["source_incomplete", "source_changed", "source_unreadable"]


@dataclass(frozen=True)
class Orphan:
    """A broken agent. `error` says why it was not, or would not be, deleted."""

    agent: Agent
    reason: Reason
    deleted: bool = False
    error: str = ""


def sweep(*, actor: Actor, dry_run: bool) -> list[Orphan]:
    """Find the broken agents of all tenants, and delete them unless it is only a trial."""
    found = list(_broken())
    return [_tried(orphan) if dry_run else _removed(orphan, actor=actor) for orphan in found]


def _broken() -> Iterator[Orphan]:
    engine_answers = True
    for agent in _beyond_repair():
        if agent.image_id and engine_answers:
            try:
                agent.image_id = "" if builds.current_image(agent, engine()) is None else agent.image_id
            except EngineError:
                engine_answers = False  # what cannot be asked about counts as there
        if not agent.image_id:
            yield Orphan(agent, agent.reason)


def _beyond_repair() -> QuerySet[Any]:
    """Agents whose image could not be built again, oldest first, each with the `reason`."""
    reason = Case(
        When(Q(kept__lt=F("files_count")) | Q(has_dockerfile=False), then=Value("source_incomplete")),
        When(last_error=images.SOURCE_CHANGED, then=Value("source_changed")),
        When(readable=False, then=Value("source_unreadable")),
        default=Value(""),
        output_field=CharField(),
    )
    mine = OuterRef("pk")
    files = SourceFile.objects.filter(agent=mine)
    kept = files.filter(stored=True).order_by().values("agent").annotate(count=Count("pk")).values("count")
    of_agent = ImageBuild.objects.filter(agent=mine)
    going = of_agent.filter(status__in=[BuildStatus.PENDING, BuildStatus.RUNNING])
    return (
        Agent.objects.filter(~Exists(going))
        .exclude(tenant_id=SERVICE_TENANT_ID)  # stored anew by whatever process starts next
        .annotate(
            kept=Coalesce(Subquery(kept), 0, output_field=IntegerField()),
            has_dockerfile=Exists(files.filter(path="Dockerfile")),
            last_error=Subquery(of_agent.order_by("-created_at", "-pk").values("error")[:1]),
            readable=Exists(_opening_wraps()),
        )
        .annotate(reason=reason)
        .exclude(reason="")
        .select_related("tenant")
        .order_by("created_at", "pk")
    )


def _opening_wraps() -> QuerySet[SourceKeyWrap]:
    """The copies of an agent's source key that may open: a room's, and the tenant's unless an older seal made it."""
    seal = TenantSecret.objects.filter(tenant=OuterRef("agent__tenant"), kind=TenantSecret.Kind.AGENT_SOURCE)
    for_tenant = Q(holder=sources.TENANT, created_at__gte=Subquery(seal.values("created_at")[:1]))
    return SourceKeyWrap.objects.filter(Q(holder__startswith="room:") | for_tenant, agent=OuterRef("pk"))


def _tried(orphan: Orphan) -> Orphan:
    in_use = hooks.is_in_use(orphan.agent)
    return Orphan(orphan.agent, orphan.reason, error=AgentInUse.sentence if in_use else "")


def _removed(orphan: Orphan, *, actor: Actor) -> Orphan:
    try:
        removal.delete(orphan.agent, actor=actor)
    except (AgentInUse, AgentBusy, AgentNotFound) as error:  # not found: somebody else was faster
        return Orphan(orphan.agent, orphan.reason, error=str(error))
    return Orphan(orphan.agent, orphan.reason, deleted=True)
