"""From a verified room and a request to frozen terms: every rule that may refuse an ask before anything is stored."""

from dataclasses import dataclass

from agents.enums import AgentType, InspectionMode
from agents.models import Agent
from agents.selectors.agents import runnable_for
from attestation.manifests.room import AgentDigests
from hivemind.kit.conf import conf
from rooms.selectors.rooms import LoadedRoom
from rooms.terms import RoomTerms
from runner import scope_mode
from runner.budgets import effective_tokens
from runner.errors import (
    AgentChanged,
    AgentNotInRoom,
    MediatorFixed,
    QueryAgentRequired,
)
from runner.services import model_routes
from runner.services.requests import RunRequest
from runner.terms import RunTerms, StageTerms
from tenants.principals import Owner, Principal


@dataclass(frozen=True)
class Cast:
    """The agents of one run."""

    scope: Agent
    query: Agent
    mediator: Agent | None

    @property
    def agents(self) -> tuple[Agent, ...]:
        """All of them, in the order of their stages."""
        return tuple(agent for agent in (self.scope, self.query, self.mediator) if agent is not None)


def cast_of(loaded: LoadedRoom, request: RunRequest, *, principal: Principal) -> Cast:
    """The agents that the manifest and the request name, each exactly as signed.

    Raises QueryAgentRequired, MediatorFixed, AgentNotInRoom, AgentChanged.
    """
    terms = loaded.terms
    query_id = _query_agent_id(terms, request)
    found = _found(loaded, request, query_id)
    query = found[query_id]
    if terms.query_mode != "fixed":
        _check_brought(query, loaded, principal)
    return _signed(found, query, terms)


def cast_with(query: Agent, loaded: LoadedRoom, request: RunRequest) -> Cast:
    """The agents of an uploadable room beside a query agent that is only being brought.

    Raises MediatorFixed, AgentNotInRoom, AgentChanged.
    """
    return _signed(_found(loaded, request, ""), query, loaded.terms)


def to_come(loaded: LoadedRoom, mode: InspectionMode = InspectionMode.SEALED) -> Agent:
    """What stands for a query agent that has not been brought yet, in the terms of a quote."""
    return Agent(
        tenant_id=loaded.room.tenant_id,
        room_id=loaded.room.id,
        agent_type=AgentType.QUERY,
        inspection_mode=mode,
        memory_mb=conf.sandbox.memory_mb,
        max_llm_calls=conf.budgets.max_llm_calls,
        timeout_seconds=conf.budgets.stage_timeout_seconds,
    )


def freeze(loaded: LoadedRoom, request: RunRequest, cast: Cast, *, vault_items: int) -> RunTerms:
    """The terms of this run. Raises ProviderNotAllowed and RouteDisabled."""
    terms = loaded.terms
    allowed = terms.llm_providers
    provider = model_routes.provider_name(request, allowed=allowed)
    mode, reason = scope_mode.choose(
        scope_mode.ScopeFacts(
            override=conf.defaults.scope_mode,
            query_sealed="sealed" in (terms.query_visibility, cast.query.visibility),
            vault_items=vault_items,
            query_agent_id=cast.query.id,
            artifacts=terms.allow_artifacts,
            prompt=request.query,
            policy=terms.policy,
        )
    )
    return RunTerms(
        room_id=loaded.room.id,
        tenant_id=loaded.room.tenant_id,
        manifest_hash=terms.manifest_hash,
        policy=terms.policy,
        scope=_stage("scope", cast.scope, request, allowed),
        query=_stage("query", cast.query, request, allowed),
        mediator=_stage("mediator", cast.mediator, request, allowed) if cast.mediator else None,
        allowed_tables=terms.allowed_tables,
        llm_providers=terms.llm_providers,
        provider=provider,
        query_visibility=terms.query_visibility,
        output_visibility=terms.output_visibility,
        allow_artifacts=terms.allow_artifacts,
        max_tokens=effective_tokens(
            request.max_tokens, default=conf.budgets.default_max_tokens, ceiling=conf.budgets.max_tokens
        ),
        scope_mode=mode,
        scope_mode_reason=reason,
        client_nonce=request.client_nonce,
        require_row_policies=terms.require_row_policies,
    )


def _found(loaded: LoadedRoom, request: RunRequest, query_id: str) -> dict[str, Agent]:
    terms = loaded.terms
    if request.mediator_agent_id and request.mediator_agent_id != terms.mediator_agent_id:
        raise MediatorFixed
    wanted = {terms.scope_agent_id, query_id, terms.mediator_agent_id} - {""}
    found = {a.id: a for a in runnable_for(loaded.room.tenant_id).filter(id__in=wanted)}
    if found.keys() != wanted:
        raise AgentNotInRoom
    return found


def _signed(found: dict[str, Agent], query: Agent, terms: RoomTerms) -> Cast:
    cast = Cast(scope=found[terms.scope_agent_id], query=query, mediator=found.get(terms.mediator_agent_id))
    _check_signed(cast, terms.agents)
    return cast


def _query_agent_id(terms: RoomTerms, request: RunRequest) -> str:
    if terms.query_mode == "fixed":
        return terms.query_agent_id
    if not request.query_agent_id:
        raise QueryAgentRequired
    return request.query_agent_id


def _check_brought(agent: Agent, loaded: LoadedRoom, principal: Principal) -> None:
    """A guest may run what it brought to this room, the owner what is the owner's: never another guest's package.

    Whoever chooses the question could have a package print itself.
    """
    if agent.agent_type != AgentType.QUERY:
        raise AgentNotInRoom
    if isinstance(principal, Owner):
        if agent.room_id not in ("", loaded.room.id) or agent.uploader_token_id:
            raise AgentNotInRoom
    elif agent.room_id != loaded.room.id or agent.uploader_token_id != principal.token_id:
        raise AgentNotInRoom


def _check_signed(cast: Cast, signed: tuple[AgentDigests, ...]) -> None:
    present = {"scope": cast.scope, "query": cast.query, "mediator": cast.mediator}
    for digests in signed:
        agent = present.get(digests.role)
        if agent is None or agent.id != digests.agent_id or agent.source_sha256 != digests.source_sha256:
            raise AgentChanged


def _stage(role: str, agent: Agent, request: RunRequest, allowed: tuple[str, ...]) -> StageTerms:
    budgets = conf.budgets
    return StageTerms(
        agent_id=agent.id,
        source_sha256=agent.source_sha256,
        files_digest=agent.files_digest,
        attested_files_digest=agent.attested_files_digest,
        timeout_seconds=min(request.timeout_seconds or agent.timeout_seconds, budgets.stage_timeout_seconds),
        max_llm_calls=min(request.max_llm_calls or agent.max_llm_calls, budgets.max_llm_calls),
        memory_mb=min(agent.memory_mb, conf.sandbox.memory_mb),
        model=model_routes.model_of(role, request, allowed=allowed),
    )
