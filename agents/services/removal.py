"""Deleting an agent, unless a room in force names it or a run uses it."""

import logging

from django.db import transaction

from agents import hooks
from agents.errors import AgentBusy, AgentInUse, AgentNotFound
from agents.models import Agent
from agents.services.engine import engine
from hivemind.kit import audit
from runner.engine.errors import EngineError
from tenants.models import SERVICE_TENANT_ID

log = logging.getLogger(__name__)


def delete(agent: Agent, *, actor: audit.Actor) -> None:
    """Remove the agent, its sealed sources and, as far as the engine lets us, its image.

    An image that other agents share stays until the last of them goes. Raises AgentInUse, AgentBusy, and AgentNotFound
    when somebody else was faster.
    """
    with transaction.atomic():
        locked = Agent.objects.select_for_update().filter(pk=agent.pk).first()
        if locked is None:
            raise AgentNotFound
        if locked.tenant_id == SERVICE_TENANT_ID:
            raise AgentInUse("This agent is offered by the service to everybody")
        if hooks.is_in_use(locked):
            raise AgentInUse
        if hooks.is_used_now(locked):
            raise AgentBusy
        tag = locked.image_tag
        audit.record(actor, "agent.delete", locked.pk, tenant_id=locked.tenant_id)
        locked.delete()
    try:
        engine().remove_image(tag)
    except EngineError:
        log.warning("an image could not be removed; it stays unused", extra={"agent_id": agent.pk})
