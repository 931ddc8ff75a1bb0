"""Which agents a caller sees."""

from django.db.models import Q, QuerySet

from agents import defaults
from agents.errors import AgentNotFound
from agents.models import Agent
from tenants.models import SERVICE_TENANT_ID
from tenants.principals import Owner, Principal

NAMED = ("scope_agent_id", "fixed_query_agent_id", "fixed_mediator_agent_id")


def visible_to(principal: Principal) -> QuerySet[Agent]:
    """An owner sees the tenant's agents and those that the service offers; a guest those that its room names and those
    it brought itself.
    """
    agents = runnable_for(principal.tenant.pk)
    if isinstance(principal, Owner):
        return agents.filter(Q(tenant=principal.tenant) | Q(pk__in=defaults.offered_ids()))
    named = [principal.constraints[key] for key in NAMED if principal.constraints.get(key)]
    own = Q(room_id=principal.room_id, uploader_token_id=principal.token_id)
    return agents.filter(Q(id__in=named) | own)


def runnable_for(tenant_id: str) -> QuerySet[Agent]:
    """Agents that the tenant's rooms may have been signed with: its own and the service's."""
    return Agent.objects.filter(tenant_id__in=(tenant_id, SERVICE_TENANT_ID))


def nameable_by(tenant_id: str) -> QuerySet[Agent]:
    """Agents that a new room of the tenant may name: its own, never a participant's, and those offered now."""
    offered = Q(tenant_id=SERVICE_TENANT_ID, pk__in=defaults.offered_ids())
    return Agent.objects.filter(Q(tenant_id=tenant_id, room_id="") | offered)


def get(principal: Principal, agent_id: str) -> Agent:
    """One agent. Raises AgentNotFound for an unknown one and for one that the caller may not see."""
    agent = visible_to(principal).filter(pk=agent_id).first()
    if agent is None:
        raise AgentNotFound
    return agent
