"""What the owner signed, as permissions. Terms are read from a verified manifest and from nothing else."""

from dataclasses import dataclass

from attestation.manifests.normalise import FIXED, UPLOADABLE
from attestation.manifests.room import AgentDigests
from attestation.verifier import VerifiedRoom


@dataclass(frozen=True)
class RoomTerms:
    """The terms of one room. `query_agent_id` and `mediator_agent_id` are empty when the room names none.

    `agents` are the signed digests of the agents that the room names. An empty `llm_providers` means no models, an
    empty `allowed_tables` no SQL. With `require_row_policies` query agents read through row policies or not at all.
    """

    room_id: str
    tenant_id: str
    manifest_hash: str
    rules: str
    policy: str
    scope_agent_id: str
    query_mode: str
    query_agent_id: str
    query_visibility: str
    mediator_agent_id: str
    output_visibility: str
    llm_providers: tuple[str, ...]
    allow_artifacts: bool
    allowed_tables: tuple[str, ...]
    agents: tuple[AgentDigests, ...]
    require_row_policies: bool = False

    @property
    def uploadable(self) -> bool:
        """Whether participants bring their own query agent."""
        return self.query_mode == UPLOADABLE

    @property
    def agent_ids(self) -> frozenset[str]:
        """Agents that the room names: those whose source key its own key opens."""
        named = (self.scope_agent_id, self.query_agent_id, self.mediator_agent_id)
        return frozenset(agent_id for agent_id in named if agent_id)


def read(verified: VerifiedRoom) -> RoomTerms:
    """The terms of a verified manifest. In an uploadable room a query agent named beside it counts for nothing."""
    manifest = verified.manifest
    return RoomTerms(
        room_id=manifest.room_id,
        tenant_id=manifest.tenant_id,
        manifest_hash=verified.manifest_hash,
        rules=manifest.rules,
        policy=manifest.policy,
        scope_agent_id=manifest.scope.agent_id,
        query_mode=manifest.query.mode,
        query_agent_id=manifest.query.agent_id if manifest.query.mode == FIXED else "",
        query_visibility=manifest.query.visibility,
        mediator_agent_id=manifest.mediator.agent_id if manifest.mediator else "",
        output_visibility=manifest.output_visibility,
        llm_providers=manifest.llm_providers,
        allow_artifacts=manifest.allow_artifacts,
        allowed_tables=manifest.allowed_tables or (),
        agents=manifest.agents,
        require_row_policies=manifest.require_row_policies,
    )
