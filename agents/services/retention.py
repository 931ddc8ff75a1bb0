"""Letting go: packages whose time is over, images that nobody used for long, and what builds left on the engine."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.db.models import Count, F, Max, Q
from django.db.models.functions import Coalesce

from agents import hooks
from agents.enums import BuildStatus
from agents.errors import AgentBusy, AgentInUse, AgentNotFound
from agents.models import Agent
from agents.services import removal
from agents.services.engine import engine
from hivemind.kit import clock
from hivemind.kit.audit import Actor
from hivemind.kit.conf import conf
from runner.engine.errors import EngineError

log = logging.getLogger(__name__)
RETENTION = Actor.system("retention")
# An agent's row is older than its image, so a tag this old without one belongs to an agent that is gone.
UNKNOWN_FOR = timedelta(hours=1)
LEFTOVER_SECONDS = 3600.0
TAG_PREFIX = "hivemind-agent-"
_LAST_USE = Coalesce(F("used_at"), F("created_at"))


def sweep() -> None:
    """Forget packages that were brought to a room and are over; keep each tenant's images within their number."""
    _forget_uploads()
    _let_images_go()


def clean_engine() -> None:
    """Remove images of agents that are gone, and what failed builds and cached steps take up."""
    try:
        _remove_unknown()
        freed = engine().prune_images(older_than_seconds=LEFTOVER_SECONDS)
    except EngineError:
        log.warning("the container engine does not answer; leftovers stay for the next time")
        return
    if freed:
        log.info("removed leftovers of builds", extra={"size_bytes": freed})


def _forget_uploads() -> None:
    oldest = clock.now() - timedelta(seconds=conf.uploads.retention_seconds)
    brought = Agent.objects.exclude(room_id="").annotate(last_use=_LAST_USE)
    for agent in brought.filter(Q(last_use__lt=oldest) | hooks.over()).order_by("created_at", "pk"):
        try:
            removal.delete(agent, actor=RETENTION)
        except (AgentInUse, AgentBusy, AgentNotFound):
            continue  # used just now, or somebody else was faster


def _let_images_go() -> None:
    """The images not used for longest, of each tenant that has more than it may."""
    most = conf.uploads.images_per_tenant
    built = Agent.objects.exclude(image_id="").order_by()
    many = built.values("tenant").annotate(count=Count("image_id", distinct=True)).filter(count__gt=most)
    for tenant_id, count in many.values_list("tenant", "count"):
        images = built.filter(tenant=tenant_id).values("image_id").annotate(last=Max(_LAST_USE)).order_by("last")
        for image_id in images.values_list("image_id", flat=True)[: count - most]:
            _let_go(list(built.filter(tenant=tenant_id, image_id=image_id)))


def _let_go(agents: list[Agent]) -> None:
    """Remove an image with every tag, unless one of its agents is being used or built."""
    going = (BuildStatus.PENDING, BuildStatus.RUNNING)
    if any(hooks.is_used_now(agent) or agent.builds.filter(status__in=going).exists() for agent in agents):
        return
    for agent in agents:
        try:
            engine().remove_image(agent.image_tag)
        except EngineError:
            log.warning("an image could not be removed", extra={"agent_id": agent.pk})
            return
        Agent.objects.filter(pk=agent.pk, image_id=agent.image_id).update(image_id="", image_bytes=0)


def _remove_unknown() -> None:
    found = list(_old_tags())  # before the agents, so that none is younger than what we know of them
    known = {agent.image_tag for agent in Agent.objects.only("id", "tenant_id").order_by().iterator()}
    for tag in found:
        if tag not in known:
            engine().remove_image(tag)
            log.info("removed the image of an agent that is gone")


def _old_tags() -> Iterator[str]:
    horizon = datetime.now(UTC) - UNKNOWN_FOR
    for image in engine().list_images():
        if image.created_at < horizon:
            yield from (tag for tag in image.tags if tag.startswith(TAG_PREFIX))
