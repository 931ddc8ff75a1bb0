"""What a model answered, whatever way it was delivered."""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from runner.llm.errors import UpstreamError

# No call has more; a number that does is not a count.
MAX_TOKENS = 1_000_000_000


@dataclass(frozen=True)
class ToolCall:
    """A function that the model wants called; `arguments` is text and may not be JSON."""

    id: str
    name: str
    arguments: str

    def as_dict(self) -> dict[str, Any]:
        """The OpenAI shape."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": self.id, "type": "function", "function": function}


@dataclass(frozen=True)
class Completion:
    """A whole answer. Token counts are None when the service did not report them."""

    content: str | None
    finish_reason: str
    reasoning: str | None = None
    reasoning_details: list[Any] = field(default_factory=list)
    tool_calls: tuple[ToolCall, ...] = ()
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


@dataclass(frozen=True)
class TextPiece:
    """A part of the answer's text."""

    text: str


@dataclass(frozen=True)
class ReasoningPiece:
    """A part of the model's reasoning text."""

    text: str


@dataclass(frozen=True)
class DetailsPiece:
    """Structured parts of the reasoning, which clients send back unchanged in the next request."""

    details: list[Any]


@dataclass(frozen=True)
class Pulse:
    """The model is at work on a part that is shown only when it is whole."""


Piece = TextPiece | ReasoningPiece | DetailsPiece | Pulse
OnPiece = Callable[[Piece], Awaitable[None]]


@dataclass
class Progress:
    """What is known of a call while it runs, so that it can be accounted for when it is cut off."""

    sent: bool = False
    received_chars: int = 0
    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    def note_usage(self, usage: object) -> None:
        """Take over a `usage` object if there is one. Of several counts the highest holds: they grow, or repeat."""
        if isinstance(usage, dict):
            self.prompt_tokens = _count(usage.get("prompt_tokens"), self.prompt_tokens)
            self.completion_tokens = _count(usage.get("completion_tokens"), self.completion_tokens)


def parse_completion(payload: object, *, progress: Progress) -> Completion:
    """A chat completion that came in one piece. Raises `UpstreamError` when it is none."""
    choice = first_choice(payload)
    message = choice.get("message") if choice else None
    if choice is None or not isinstance(payload, dict) or not isinstance(message, dict):
        raise UpstreamError("upstream_garbled")
    progress.note_usage(payload.get("usage"))
    calls = message.get("tool_calls")
    details = message.get("reasoning_details")
    return finished(
        Completion(
            content=joined(message.get("content")),
            finish_reason=str(choice.get("finish_reason") or ""),
            reasoning=reasoning_text(message),
            reasoning_details=details if isinstance(details, list) else [],
            tool_calls=tuple(_tool_call(call) for call in calls) if isinstance(calls, list) else (),
            prompt_tokens=progress.prompt_tokens,
            completion_tokens=progress.completion_tokens,
        )
    )


def finished(completion: Completion) -> Completion:
    """The answer as agents are promised it: a reason to stop, and text when there was only reasoning."""
    content = completion.content
    if not content and not completion.tool_calls and completion.reasoning:
        content = completion.reasoning
    reason = completion.finish_reason or ("tool_calls" if completion.tool_calls else "stop")
    return Completion(**{**completion.__dict__, "content": content, "finish_reason": reason})


def first_choice(payload: object) -> dict[str, Any] | None:
    """The first of `choices`, or None. Raises `UpstreamError` when the payload reports an error instead."""
    if not isinstance(payload, dict):
        return None
    choices = payload.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    if payload.get("error"):
        raise _reported(payload["error"])
    return None


def joined(content: object) -> str | None:
    """Text content as one string; a list of parts is joined."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return None
    parts = [part.get("text") if isinstance(part, dict) else part for part in content]
    return "".join(part for part in parts if isinstance(part, str))


def reasoning_text(message: dict[str, Any]) -> str | None:
    """The reasoning of a message or delta, under either of its two names."""
    return joined(message.get("reasoning")) or joined(message.get("reasoning_content"))


def new_call_id() -> str:
    """An id for a tool call that came without one."""
    return f"call_{secrets.token_hex(6)}"


def classify_status(status: int, *, retry_after: float | None = None) -> UpstreamError:
    """The error for an upstream HTTP status."""
    if status == 429:
        return UpstreamError("upstream_busy", status=status, retryable=True, retry_after=retry_after)
    if status >= 500 or status == 408:
        return UpstreamError("upstream_failed", status=status, retryable=True, retry_after=retry_after)
    return UpstreamError("upstream_rejected", status=status)


def _reported(error: object) -> UpstreamError:
    code = error.get("code") if isinstance(error, dict) else None
    return classify_status(code if isinstance(code, int) and 400 <= code < 600 else 502)


def _tool_call(call: object) -> ToolCall:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(call, dict) or not isinstance(function, dict):
        raise UpstreamError("upstream_garbled")
    arguments = function.get("arguments")
    if not isinstance(arguments, str):
        arguments = "" if arguments is None else json.dumps(arguments)
    name = str(function.get("name") or "")
    return ToolCall(id=str(call.get("id") or new_call_id()), name=name, arguments=arguments)


def _count(value: object, known: int | None) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return known
    if not 0 <= value < math.inf or value != int(value):
        return known
    return max(min(int(value), MAX_TOKENS), known or 0)
