"""The agents that a room names, each held against the digests that its owner signed."""

from dataclasses import dataclass

from agents.models import Agent
from agents.selectors import agents
from rooms.access import policies
from rooms.errors import AgentNotFound
from rooms.selectors.rooms import LoadedRoom


@dataclass(frozen=True)
class NamedAgents:
    """The agents of one room. `query` is None when participants bring their own."""

    scope: Agent
    query: Agent | None
    mediator: Agent | None


def named_by(loaded: LoadedRoom) -> NamedAgents:
    """The named agents, in one query. Raises AgentNotFound, AgentReplaced."""
    terms = loaded.terms
    rows = agents.runnable_for(loaded.room.tenant_id).filter(pk__in=terms.agent_ids)
    found = {agent.pk: agent for agent in rows}
    if found.keys() != terms.agent_ids:
        raise AgentNotFound("An agent of this room no longer exists")
    policies.check_agents(terms, found.values())
    return NamedAgents(
        scope=found[terms.scope_agent_id],
        query=found.get(terms.query_agent_id),
        mediator=found.get(terms.mediator_agent_id),
    )
