"""What an owner asks for when making a room, after its shape was checked and its lists were normalised."""

from dataclasses import dataclass

from attestation.manifests.normalise import DEFAULT_PROVIDERS, OPERATOR_UPDATES
from attestation.manifests.room import SEALED


@dataclass(frozen=True, kw_only=True)
class RoomRequest:
    """One new room. An empty agent id or a None visibility means that the owner left it open.

    `policy` None copies the rules. `query_mode` None means uploadable unless a query agent is known.
    """

    name: str = ""
    rules: str = ""
    policy: str | None = None
    scope_agent_id: str
    scope_visibility: str | None = None
    query_mode: str | None = None
    query_agent_id: str = ""
    query_visibility: str = SEALED
    mediator_agent_id: str = ""
    mediator_visibility: str | None = None
    output_visibility: str = "querier_only"
    llm_providers: tuple[str, ...] = DEFAULT_PROVIDERS
    allow_artifacts: bool = True
    trust_mode: str = OPERATOR_UPDATES
    allowed_composes: tuple[str, ...] = ()
    allowed_tables: tuple[str, ...] = ()
    expires_at: float | None = None
    require_row_policies: bool = False
