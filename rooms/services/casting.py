"""Finding the agents that a new room is to name, each of the right type and with the visibility it really has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from agents import defaults
from agents.enums import AgentType
from agents.models import Agent
from agents.selectors import agents
from agents.services import defaults as stored_defaults
from attestation.manifests.normalise import FIXED, UPLOADABLE
from attestation.manifests.room import AgentDigests, AgentRef, QueryRef
from rooms.errors import AgentNotFound, VisibilityDiffers, WrongAgentType
from rooms.services.requests import RoomRequest
from tenants.models import Tenant

_TYPES: Final[Mapping[str, AgentType]] = {
    "scope": AgentType.SCOPE,
    "query": AgentType.QUERY,
    "mediator": AgentType.MEDIATOR,
}


@dataclass(frozen=True)
class RoomCast:
    """The agents of a new room. `query` is None when participants bring their own."""

    scope: Agent
    query: Agent | None
    mediator: Agent | None
    query_visibility: str

    @property
    def by_role(self) -> dict[str, Agent]:
        """Role to agent, for the roles that are filled."""
        cast = {"scope": self.scope, "query": self.query, "mediator": self.mediator}
        return {role: agent for role, agent in cast.items() if agent is not None}

    @property
    def scope_ref(self) -> AgentRef:
        """The manifest's word for the scope agent."""
        return AgentRef(self.scope.pk, self.scope.visibility)

    @property
    def mediator_ref(self) -> AgentRef | None:
        """The manifest's word for the mediator."""
        return AgentRef(self.mediator.pk, self.mediator.visibility) if self.mediator else None

    @property
    def query_ref(self) -> QueryRef:
        """The manifest's word for who asks."""
        if self.query is None:
            return QueryRef(UPLOADABLE, "", self.query_visibility)
        return QueryRef(FIXED, self.query.pk, self.query.visibility)

    @property
    def digests(self) -> tuple[AgentDigests, ...]:
        """What the owner signs about each agent. The image is not named while its first build is under way."""
        return tuple(
            AgentDigests(role, agent.pk, agent.source_sha256, agent.files_digest, agent.image_id)
            for role, agent in self.by_role.items()
        )


def choose(tenant: Tenant, request: RoomRequest) -> RoomCast:
    """The agents that `request` names, and the service's own where it leaves a choice open.

    Raises AgentNotFound, WrongAgentType, VisibilityDiffers. A package that a participant brought to some room is not
    the owner's to name.
    """
    query_agent_id = request.query_agent_id
    if request.query_mode is None:
        query_agent_id = query_agent_id or defaults.pinned(AgentType.QUERY)
    wanted = {
        "scope": request.scope_agent_id,
        "query": query_agent_id,
        "mediator": request.mediator_agent_id or defaults.pinned(AgentType.MEDIATOR),
    }
    ids = {agent_id for agent_id in wanted.values() if agent_id}
    if ids & defaults.offered_ids():
        stored_defaults.register_missing()
    found = {agent.pk: agent for agent in agents.nameable_by(tenant.pk).filter(pk__in=ids)}
    demanded = {"scope", "query"} if request.query_mode == FIXED else {"scope"}
    cast = {role: _of_type(found, role, agent_id) for role, agent_id in wanted.items() if agent_id or role in demanded}
    _check_visibility("scope", cast["scope"], request.scope_visibility)
    if "mediator" in cast:
        _check_visibility("mediator", cast["mediator"], request.mediator_visibility)
    fixed = request.query_mode != UPLOADABLE
    return RoomCast(
        scope=cast["scope"],
        query=cast.get("query") if fixed else None,
        mediator=cast.get("mediator"),
        query_visibility=request.query_visibility,
    )


def hold(cast: RoomCast) -> None:
    """Keep the chosen agents from being deleted until the transaction ends. Raises AgentNotFound when one is gone."""
    wanted = {agent.pk for agent in cast.by_role.values()}
    held = Agent.objects.filter(pk__in=wanted).order_by("pk").select_for_update(no_key=True)
    if set(held.values_list("pk", flat=True)) != wanted:
        raise AgentNotFound("An agent was deleted while the room was being made")


def _of_type(found: Mapping[str, Agent], role: str, agent_id: str) -> Agent:
    agent = found.get(agent_id)
    if agent is None:
        raise AgentNotFound(f"{role.capitalize()} agent not found")
    if agent.agent_type != _TYPES[role]:
        raise WrongAgentType(
            f"{role}_agent_id names an agent of type {agent.agent_type}; this stage takes only {role} agents"
        )
    return agent


def _check_visibility(role: str, agent: Agent, stated: str | None) -> None:
    if stated is not None and stated != agent.visibility:
        raise VisibilityDiffers(
            f"{role}_visibility says {stated}, but the {role} agent was uploaded as {agent.visibility}"
        )
