"""The terms of one run, frozen at submission: what the signed manifest allows, what was asked, within which budgets.

Everything after submission takes this value; nothing reads the request or the manifest again.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from billing.money import TokenPrice


@dataclass(frozen=True)
class StageTerms:
    """One stage: the agent that carries it out, exactly as signed, and its limits after clamping."""

    agent_id: str
    source_sha256: str
    files_digest: str
    attested_files_digest: str
    timeout_seconds: int
    max_llm_calls: int
    memory_mb: int
    model: str
    prompt_micro_usd_per_mtok: int | None = None
    completion_micro_usd_per_mtok: int | None = None

    @property
    def price(self) -> TokenPrice | None:
        """The price that was in force when the run was quoted; None when its model had none, or it has no model."""
        if self.prompt_micro_usd_per_mtok is None or self.completion_micro_usd_per_mtok is None:
            return None
        return TokenPrice(self.prompt_micro_usd_per_mtok, self.completion_micro_usd_per_mtok)


@dataclass(frozen=True)
class RunTerms:
    """One run. `provider` is empty when the room allows no model. `allowed_tables` is the signed list."""

    room_id: str
    tenant_id: str
    manifest_hash: str
    policy: str
    scope: StageTerms
    query: StageTerms
    mediator: StageTerms | None
    allowed_tables: tuple[str, ...]
    llm_providers: tuple[str, ...]
    provider: str
    query_visibility: str
    output_visibility: str
    allow_artifacts: bool
    max_tokens: int
    scope_mode: str
    scope_mode_reason: str
    client_nonce: str = ""
    require_row_policies: bool = False

    def to_json(self) -> dict[str, Any]:
        """The form that the run's row keeps."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "RunTerms":
        """Read back what `to_json` wrote."""
        values = dict(stored)
        for role in ("scope", "query", "mediator"):
            values[role] = StageTerms(**values[role]) if values[role] else None
        for name in ("allowed_tables", "llm_providers"):
            values[name] = tuple(values[name])
        return cls(**values)

    @property
    def stages(self) -> tuple[tuple[str, StageTerms], ...]:
        """Stages in their order, by name."""
        first = (("scope", self.scope), ("query", self.query))
        return (*first, ("mediator", self.mediator)) if self.mediator else first

    @property
    def keeps_prompt(self) -> bool:
        """Whether the prompt stays readable for bearers of the room after the run."""
        return self.query_visibility == "inspectable"
