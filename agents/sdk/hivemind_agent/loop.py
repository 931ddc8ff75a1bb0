"""Letting a model work with tools until it answers: within turns, tokens, time and patience.

A model is not trusted to stop. Every turn asks what is left of the budget and keeps one call for the answer; what a
tool returned is cut; a call that was made before is not made again; and when the turns are over the model is asked once
more, for its answer only.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ._bridge import Bridge
from .compaction import compacted
from .errors import AgentError, BridgeUnreachable, BudgetExhausted
from .models import Completion, Message, ToolCall
from .texts import clipped
from .toolbox import Tool

CUT_OFF = "[not carried out: too many calls at once]"
AGAIN = "[not carried out: you made this very call before; its result is above]"
UNREADABLE = "[not carried out: the arguments were not a JSON object]"


@dataclass(frozen=True)
class Limits:
    """``turns`` with tools, after which one call without them asks for the answer. Sizes are in characters."""

    turns: int = 5
    calls_per_turn: int = 6
    turn_tokens: int = 4096
    final_tokens: int = 4096
    result_chars: int = 12_000
    context_chars: int = 80_000
    seconds: float = 600.0


@dataclass
class Outcome:
    """How a conversation ended. ``ended`` is ``answered``, ``turns``, ``budget`` or ``time``.

    ``text`` is the model's last word, possibly empty; ``messages`` is the conversation up to it.
    """

    text: str
    ended: str
    messages: list[Message] = field(repr=False)
    calls: list[ToolCall] = field(default_factory=list, repr=False)
    results: list[str] = field(default_factory=list, repr=False)


class ToolLoop:
    """One conversation with tools. ``now`` is a monotonic clock in seconds."""

    def __init__(
        self,
        bridge: Bridge,
        tools: Sequence[Tool],
        *,
        limits: Limits | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bridge = bridge
        self._tools = {tool.name: tool for tool in tools}
        self._limits = limits or Limits()
        self._now = now
        self._seen: set[str] = set()

    def run(self, messages: Sequence[Message], *, ask: str = "Answer now, without calling a tool.") -> Outcome:
        """Talk until the model answers or its time is over; ``ask`` is what it is told when its turns are used up.

        Raises what the bridge raises, except when the budget ends: then the outcome says so.
        """
        outcome = Outcome("", "turns", list(messages))
        deadline = self._now() + self._limits.seconds
        try:
            for _ in range(self._limits.turns if self._tools else 0):
                if self._bridge.budget().calls < 2:
                    break
                completion = self._complete(outcome, tools=True)
                if not completion.tool_calls:
                    outcome.text, outcome.ended = completion.text, "answered"
                    outcome.messages.append(completion.message)
                    return outcome
                self._carry_out(completion, outcome)
                if self._now() > deadline:
                    outcome.ended = "time"
                    break
            self._ask_for_the_answer(outcome, ask)
        except BudgetExhausted:
            outcome.ended = "budget"
        return outcome

    def _ask_for_the_answer(self, outcome: Outcome, ask: str) -> None:
        if self._tools:
            outcome.messages.append({"role": "user", "content": ask})
        completion = self._complete(outcome, tools=False)
        outcome.text = completion.text
        outcome.messages.append({"role": "assistant", "content": completion.text})
        if not self._tools:
            outcome.ended = "answered"

    def _complete(self, outcome: Outcome, *, tools: bool) -> Completion:
        limits = self._limits
        outcome.messages = compacted(outcome.messages, most_chars=limits.context_chars)
        wished = limits.turn_tokens if tools else limits.final_tokens
        options = {} if tools or not self._tools else {"tool_choice": "none"}
        return self._bridge.complete(
            outcome.messages,
            tools=[tool.definition for tool in self._tools.values()],
            max_tokens=self._bridge.budget().completion_cap(wished),
            **options,
        )

    def _carry_out(self, completion: Completion, outcome: Outcome) -> None:
        outcome.text = completion.text or outcome.text
        outcome.messages.append(completion.message)
        for place, call in enumerate(completion.tool_calls):
            result = CUT_OFF if place >= self._limits.calls_per_turn else self._result_of(call)
            result = clipped(result, self._limits.result_chars)
            outcome.calls.append(call)
            outcome.results.append(result)
            outcome.messages.append({"role": "tool", "tool_call_id": call.id, "content": result})

    def _result_of(self, call: ToolCall) -> str:
        tool = self._tools.get(call.name)
        if tool is None:
            return f"[there is no tool {call.name!r}; there are: {', '.join(self._tools)}]"
        if call.arguments is None:
            return UNREADABLE
        made = json.dumps([call.name, call.arguments], sort_keys=True)
        if made in self._seen:
            return AGAIN
        self._seen.add(made)
        try:
            return tool.run(call.arguments)
        except (BudgetExhausted, BridgeUnreachable):
            raise
        except AgentError as problem:
            return json.dumps({"error": str(problem)}, ensure_ascii=False)
