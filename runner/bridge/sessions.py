"""What the pipeline hands to the bridge for one stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from runner.artifacts.desk import JudgeDesk, QueryDesk
from runner.bridge.budget import Budget
from runner.bridge.tape import Entry, Tape
from runner.llm.providers import LlmRoute

ROLES = frozenset({"scope", "query", "mediator"})
MIN_TOKEN_CHARS = 16


class ToolRegistry(Protocol):
    """The tools of one stage. `call` runs in worker threads, several at a time."""

    def list_openai(self) -> list[dict[str, Any]]:
        """The definitions, each `{"type": "function", "function": {"name", "description", "parameters"}}`."""
        ...

    def call(self, name: str, arguments: dict[str, Any], /) -> Mapping[str, Any]:
        """Carry a tool out: `{"result": str, "error": str | None}`; an unknown name is an answer too."""
        ...


class SourceHidden(Exception):
    """The source of this agent is not shown to the scope stage."""


class QueryFiles(Protocol):
    """The stored source of the query agent, as the scope stage may see it. Used from worker threads."""

    def list_files(self) -> list[dict[str, Any]]:
        """`{"path", "size_bytes", "attestable"}` for each file."""
        ...

    def read_file(self, path: str, /) -> str | None:
        """The text of a file, None when there is none. Raises `SourceHidden`."""
        ...


@dataclass(frozen=True)
class Candidate:
    """What a scope agent may decide on, to be tried out. `row_policies` is as it came, None when there are none.

    `scope_fn_source` is empty for policies alone.
    """

    scope_fn_source: str = field(repr=False)
    row_policies: object = field(default=None, repr=False)


@dataclass(frozen=True)
class Rehearsal:
    """One simulation to carry out: the question, the candidate, and model calls that were answered before."""

    prompt: str = field(repr=False)
    candidate: Candidate
    replay: tuple[Entry, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Outcome:
    """How a simulation ended: with the query agent's output, or with an `error` in our words."""

    output: str = field(default="", repr=False)
    tape: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    error: str | None = None


class Simulator(Protocol):
    """Carries out the simulations of one scope stage, within its budget and deadline."""

    async def run(self, rehearsals: Sequence[Rehearsal], /) -> Sequence[Outcome]:
        """Each one's outcome, in order; carried out at the same time. Cancelling it ends them.

        Raises `BudgetExhausted` when too little is left for so many. Belongs to the bridge's loop.
        """
        ...

    def stop(self) -> None:
        """End what runs and return when it has ended. Called from the closing thread."""
        ...

    def usage(self) -> dict[str, Any]:
        """What the simulations have used up to now, in counts; empty when there were none."""
        ...


ScopeVerifier = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class StageSession:
    """One stage as the bridge sees it; `role` is one of `ROLES`.

    `llm` is None when the room lets no model be called. `verify_scope`, `query_files`, `query_agent_id` and
    `simulator` are for the scope stage, `desk` takes a query stage's files where it may leave any, `judge` shows them
    to a mediator that judges files, `tape` is for a simulated query. `deadline` is the stage's end on the
    monotonic clock. `tool_workers` and `llm_calls` bound how much runs at once. `interrupt_tools` is called, from
    the closing thread, to make running tools end early; `close_grace_seconds` is how long closing waits for them.
    """

    role: str
    token: str = field(repr=False)
    tools: ToolRegistry = field(repr=False)
    budget: Budget = field(repr=False)
    llm: LlmRoute | None = None
    verify_scope: ScopeVerifier | None = field(default=None, repr=False)
    verify_policies: ScopeVerifier | None = field(default=None, repr=False)
    query_files: QueryFiles | None = field(default=None, repr=False)
    query_agent_id: str = ""
    desk: QueryDesk | None = field(default=None, repr=False)
    judge: JudgeDesk | None = field(default=None, repr=False)
    simulator: Simulator | None = field(default=None, repr=False)
    tape: Tape | None = field(default=None, repr=False)
    deadline: float | None = None
    tool_workers: int = 4
    llm_calls: int = 64
    interrupt_tools: Callable[[], None] | None = field(default=None, repr=False)
    close_grace_seconds: float = 35.0

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError("unknown role")
        if len(self.token) < MIN_TOKEN_CHARS or not self.token.isascii():
            raise ValueError("a session token needs at least 16 ASCII characters")
