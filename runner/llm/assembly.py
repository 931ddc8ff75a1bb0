"""Putting a streamed answer together, piece by piece."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from runner.llm import completions
from runner.llm.completions import (
    Completion,
    DetailsPiece,
    Piece,
    Progress,
    Pulse,
    ReasoningPiece,
    TextPiece,
    ToolCall,
)
from runner.llm.errors import UpstreamError

MAX_TOOL_CALLS = 256


@dataclass
class _PartialCall:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)

    def whole(self) -> ToolCall:
        return ToolCall(id=self.id or completions.new_call_id(), name=self.name, arguments="".join(self.arguments))


class Assembler:
    """Takes chunks in order; hands out what can be shown at once and keeps the whole."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._details: list[Any] = []
        self._calls: list[tuple[int, _PartialCall]] = []
        self._current: dict[int, _PartialCall] = {}
        self._finish_reason = ""

    @property
    def complete(self) -> bool:
        """Whether the model has said why it stopped."""
        return bool(self._finish_reason)

    def feed(self, chunk: object) -> list[Piece]:
        """Take one decoded chunk. Raises `UpstreamError` when the service reports an error in it."""
        choice = completions.first_choice(chunk)
        if isinstance(chunk, dict):
            self._progress.note_usage(chunk.get("usage"))
        if choice is None:
            return []
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._finish_reason = reason
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            delta = choice.get("message")
        return self._take(delta) if isinstance(delta, dict) else []

    def completion(self) -> Completion:
        """The whole answer so far."""
        calls = sorted(self._calls, key=lambda numbered: numbered[0])
        return completions.finished(
            Completion(
                content="".join(self._text) or None,
                finish_reason=self._finish_reason,
                reasoning="".join(self._reasoning) or None,
                reasoning_details=self._details,
                tool_calls=tuple(call.whole() for _, call in calls),
                prompt_tokens=self._progress.prompt_tokens,
                completion_tokens=self._progress.completion_tokens,
            )
        )

    def _take(self, delta: dict[str, Any]) -> list[Piece]:
        pieces: list[Piece] = []
        reasoning = completions.reasoning_text(delta)
        if reasoning:
            self._reasoning.append(reasoning)
            pieces.append(ReasoningPiece(reasoning))
        details = delta.get("reasoning_details")
        if isinstance(details, list) and details:
            self._details.extend(details)
            self._progress.received_chars += _text_size(details)
            pieces.append(DetailsPiece(details))
        if text := completions.joined(delta.get("content")):
            self._text.append(text)
            pieces.append(TextPiece(text))
        calls = delta.get("tool_calls")
        if isinstance(calls, list):
            for position, call in enumerate(calls):
                self._take_call(call, position)
            if calls and not pieces:
                pieces.append(Pulse())
        self._progress.received_chars += len(reasoning or "") + len(text or "")
        return pieces

    def _take_call(self, call: object, position: int) -> None:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(call, dict) or not isinstance(function, dict):
            return
        partial = self._partial(call, position)
        partial.id = partial.id or str(call.get("id") or "")
        partial.name = partial.name or str(function.get("name") or "")
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            partial.arguments.append(arguments)
            self._progress.received_chars += len(arguments)

    def _partial(self, call: dict[str, Any], position: int) -> _PartialCall:
        """The call that a fragment belongs to.

        Some services number no call, or all of them 0: then only the ids tell them apart.
        """
        index = call.get("index")
        key = index if isinstance(index, int) and 0 <= index < MAX_TOOL_CALLS else position
        known, named = self._current.get(key), call.get("id")
        if known is not None and not (named and known.id and str(named) != known.id):
            return known
        if len(self._calls) >= MAX_TOOL_CALLS:
            raise UpstreamError("upstream_too_long")
        self._current[key] = partial = _PartialCall()
        self._calls.append((key, partial))
        return partial


def _text_size(details: list[Any]) -> int:
    try:
        return len(json.dumps(details))
    except (ValueError, RecursionError):
        raise UpstreamError("upstream_garbled") from None
