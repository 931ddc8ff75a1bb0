"""What the stages of one run share."""

from dataclasses import dataclass, field
from typing import Any

from agents.models import Agent
from rooms.models import Room
from rooms.services.vault import VaultEntry
from runner.engine.base import Engine
from runner.models import Run
from runner.rowpolicies.decision import Decision
from runner.services.active import ActiveRun
from runner.services.endings import Facts
from runner.terms import RunTerms, StageTerms


@dataclass
class RunContext:
    """One run in flight. Holds the room's key in memory for as long as the run lasts; prints none of it."""

    run: Run
    room: Room
    terms: RunTerms
    engine: Engine
    active: ActiveRun
    agents: dict[str, Agent]
    room_key: bytes = field(repr=False)
    source_keys: dict[str, bytes] = field(repr=False)
    prompt: str = field(repr=False)
    tables: list[str] = field(default_factory=list)
    vault: list[VaultEntry] = field(default_factory=list, repr=False)
    image_ids: dict[str, str] = field(default_factory=dict)
    usage: dict[str, dict[str, Any]] = field(default_factory=dict)
    guard_verdicts: dict[str, int] = field(default_factory=dict)
    container_runtime: str = ""
    decision: Decision | None = None

    def stage(self, name: str) -> StageTerms:
        """The terms of one stage."""
        return dict(self.terms.stages)[name]

    @property
    def query_sealed(self) -> bool:
        """Whether the query agent's source is hidden: by the room, or by whoever brought it."""
        agent = self.agents[self.terms.query.agent_id]
        return self.terms.query_visibility == "sealed" or agent.visibility == "sealed"

    @property
    def tokens_used(self) -> int:
        """Tokens that the stages so far have used."""
        return sum(int(used.get("total_tokens", 0)) for used in self.usage.values())

    def enforce(self, decision: Decision) -> None:
        """Note what stands between the query stage and the data from now on."""
        self.decision = decision

    def count_verdicts(self, counts: dict[str, int]) -> None:
        """Add one stage's guard verdicts to the run's."""
        for verdict, times in counts.items():
            self.guard_verdicts[verdict] = self.guard_verdicts.get(verdict, 0) + times

    def facts(self) -> Facts:
        """What the receipt will say about how it went."""
        stages = dict(self.usage.items())
        totals = {key: sum(int(s.get(key, 0)) for s in stages.values()) for key in TOTALS}
        return Facts(
            vault_items=len(self.vault),
            image_ids=dict(self.image_ids),
            container_runtime=self.container_runtime,
            guard_verdicts=dict(self.guard_verdicts),
            scope_enforcement=self.decision.enforcement if self.decision else (),
            row_policies_sha256=self.decision.policies_sha256 if self.decision else "",
            usage={**totals, "max_tokens": self.terms.max_tokens, "stages": stages},
        )


TOTALS = ("calls", "prompt_tokens", "completion_tokens", "total_tokens")
