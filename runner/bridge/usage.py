"""What a stage has used, in the words of the run's usage record.

Names that come from an agent or a model are counted only when they are known beforehand: the counts are shown
to people who must not see the stage's data, and a name of one's own making would carry it to them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runner.bridge.sessions import StageSession
from runner.llm.completions import Completion

FINISH_REASONS = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call", "error"})
INTERRUPTED = "interrupted"
OTHER = "other"

# Tools that agents offer to their model and carry out over other endpoints of the bridge.
WELL_KNOWN_TOOLS = frozenset(
    {
        "execute_sql",
        "get_schema",
        "get_room_vault_items",
        "list_query_agent_files",
        "read_query_agent_file",
        "verify_scope_fn",
        "simulate_query",
        "simulate_multi",
        "upload_artifact",
        "upload_report_artifact",
    }
)


@dataclass(frozen=True)
class StageUsage:
    """A stage's usage when it was taken. `abandoned_tool_calls` were still running when closing gave up.

    `simulations` is the part of `budget` that went into rehearsals of the query stage.
    """

    budget: dict[str, int]
    provider: str | None
    model: str | None
    bridge: dict[str, Any]
    abandoned_tool_calls: int = 0
    simulations: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The stage's item in the usage record of a run."""
        item = {**self.budget, "provider": self.provider, "model": self.model, "bridge": self.bridge}
        return item | {"simulations": dict(self.simulations)} if self.simulations else item


class Counters:
    """Counts of one stage; changed on the bridge's loop only."""

    def __init__(self, tool_names: Iterable[str]) -> None:
        self._offered = frozenset(tool_names)
        self._llm_calls = 0
        self._llm_calls_with_tools = 0
        self._llm_tools: Counter[str] = Counter()
        self._tools: Counter[str] = Counter()
        self._finish_reasons: Counter[str] = Counter()

    def note_tool(self, name: str) -> None:
        """A call to the tool endpoint."""
        self._tools[name if name in self._offered else OTHER] += 1

    def note_completion(self, completion: Completion) -> None:
        """A model call that was answered."""
        reason = completion.finish_reason
        self._llm_calls += 1
        self._llm_calls_with_tools += bool(completion.tool_calls)
        self._llm_tools.update(self._known(call.name) for call in completion.tool_calls)
        self._finish_reasons[reason if reason in FINISH_REASONS else OTHER] += 1

    def note_interrupted(self) -> None:
        """A model call that was cut off and still counts."""
        self._llm_calls += 1
        self._finish_reasons[INTERRUPTED] += 1

    def as_dict(self) -> dict[str, Any]:
        """The `bridge` part of the usage item."""
        return {
            "llm_calls": self._llm_calls,
            "llm_calls_with_tools": self._llm_calls_with_tools,
            "llm_tool_call_count": self._llm_tools.total(),
            "llm_tool_call_counts": dict(self._llm_tools),
            "tool_call_count": self._tools.total(),
            "tool_call_counts": dict(self._tools),
            "finish_reasons": dict(self._finish_reasons),
        }

    def _known(self, name: str) -> str:
        leaf = name.rpartition("__")[2]
        return next((n for n in (name, leaf) if n in self._offered or n in WELL_KNOWN_TOOLS), OTHER)


def take_usage(counters: Counters, *, session: StageSession, abandoned_tool_calls: int = 0) -> StageUsage:
    """The usage at this moment."""
    route = session.llm
    return StageUsage(
        # Before the whole is read: what is added meanwhile must not make the part the larger one.
        simulations=session.simulator.usage() if session.simulator is not None else {},
        budget=session.budget.snapshot(),
        provider=route.provider.name if route else None,
        model=route.model if route else None,
        bridge=counters.as_dict(),
        abandoned_tool_calls=abandoned_tool_calls,
    )
