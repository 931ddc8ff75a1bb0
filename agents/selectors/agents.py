"""Which agents a caller sees."""

from django.db.models import Q, QuerySet

from agents.errors import AgentNotFound
from agents.models import Agent
from tenants.principals import Owner, Principal

NAMED = ("scope_agent_id", "fixed_query_agent_id", "fixed_mediator_agent_id")


def visible_to(principal: Principal) -> QuerySet[Agent]:
    """An owner sees the tenant's agents; a guest those that its room names and those it brought itself."""
    agents = Agent.objects.filter(tenant=principal.tenant)
    if isinstance(principal, Owner):
        return agents
    named = [principal.constraints[key] for key in NAMED if principal.constraints.get(key)]
    own = Q(room_id=principal.room_id, uploader_token_id=principal.token_id)
    return agents.filter(Q(id__in=named) | own)


def get(principal: Principal, agent_id: str) -> Agent:
    """One agent. Raises AgentNotFound for an unknown one and for one that the caller may not see."""
    agent = visible_to(principal).filter(pk=agent_id).first()
    if agent is None:
        raise AgentNotFound
    return agent
