"""Asking a model: one completion, with tools, retried where asking again can help."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ._connection import Connection
from .errors import BridgeRefused, BudgetExhausted

Message = dict[str, Any]
Sleep = Callable[[float], None]

RETRY_STATUSES = frozenset({429, 500, 502, 503, 504})
RETRY_PAUSES_SECONDS = (1.0, 4.0)
LARGEST_COMPLETION = 200_000


@dataclass(frozen=True)
class ToolCall:
    """A call that the model asks for. ``arguments`` is None when what it wrote was no JSON object."""

    id: str
    name: str
    arguments: dict[str, Any] | None


@dataclass(frozen=True)
class Completion:
    """One answer of a model. ``message`` is the assistant's message as it goes back into the conversation."""

    text: str
    tool_calls: tuple[ToolCall, ...]
    finish_reason: str
    message: Message = field(repr=False)


@dataclass(frozen=True)
class Budget:
    """What is left of a stage's model calls and tokens."""

    calls: int
    tokens: int

    @property
    def exhausted(self) -> bool:
        """Whether no further call can be made."""
        return self.calls < 1 or self.tokens < 1

    def completion_cap(self, wished: int, *, share: int = 4, least: int = 1024) -> int:
        """``wished`` tokens, but at most one ``share``-th of what is left, and at least ``least``."""
        return max(min(wished, max(self.tokens // share, least)), 1)


class ModelCalls:
    """The part of the bridge that reaches the room's model. The stage decides which one that is."""

    _connection: Connection
    pause: Sleep = staticmethod(time.sleep)

    def budget(self) -> Budget:
        """What is left right now."""
        told = self._connection.request("GET", "/health").get("budget", {})
        return Budget(
            calls=max(int(told.get("max_calls", 0)) - int(told.get("calls", 0)), 0),
            tokens=max(int(told.get("max_tokens", 0)) - int(told.get("total_tokens", 0)), 0),
        )

    def chat(self, messages: Sequence[Mapping[str, Any]], *, max_tokens: int = 4096, **options: Any) -> str:
        """One model answer as text. ``options``: temperature, top_p. Raises BudgetExhausted, BridgeRefused."""
        body = {"messages": [dict(message) for message in messages], "max_tokens": max_tokens, **options}
        return str(self._connection.request("POST", "/llm/chat", body).get("content") or "")

    def complete(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        max_tokens: int = 4096,
        **options: Any,
    ) -> Completion:
        """One answer that may ask for ``tools`` (definitions as ``Bridge.tool_definitions`` gives them).

        ``options`` are fields of a chat completion, such as ``temperature`` and ``tool_choice``. A model service that
        fails is asked twice more, after a pause. Raises BudgetExhausted at once, BridgeRefused, BridgeUnreachable.
        """
        body = {"messages": [dict(message) for message in messages], "max_tokens": max_tokens, **options}
        if tools:
            body["tools"] = [dict(tool) for tool in tools]
        for pause_seconds in RETRY_PAUSES_SECONDS:
            try:
                return read_completion(self._connection.request("POST", "/v1/chat/completions", body))
            except BudgetExhausted:
                raise
            except BridgeRefused as refusal:
                if refusal.status not in RETRY_STATUSES:
                    raise
                self.pause(pause_seconds)
        return read_completion(self._connection.request("POST", "/v1/chat/completions", body))


def read_completion(answer: Any) -> Completion:
    """The first choice of a chat completion. What has not the agreed shape reads as an empty text."""
    choice = _first(answer.get("choices")) if isinstance(answer, dict) else {}
    message = _as_dict(choice.get("message"))
    text = _text(message.get("content"))[:LARGEST_COMPLETION]
    raw_calls = [_as_dict(call) for call in _as_list(message.get("tool_calls"))]
    calls = tuple(_tool_call(call, place) for place, call in enumerate(raw_calls))
    back: Message = {"role": "assistant", "content": text}
    if calls:
        back["tool_calls"] = [_as_sent(call, raw) for call, raw in zip(calls, raw_calls)]  # noqa: B905 - Python 3.9
    return Completion(text, calls, str(choice.get("finish_reason") or ""), back)


def _tool_call(call: dict[str, Any], place: int) -> ToolCall:
    function = _as_dict(call.get("function"))
    try:
        arguments = json.loads(function.get("arguments") or "{}")
    except (ValueError, TypeError, RecursionError):
        arguments = None
    return ToolCall(
        id=str(call.get("id") or f"call_{place}"),
        name=str(function.get("name") or "")[:100],
        arguments=arguments if isinstance(arguments, dict) else None,
    )


def _as_sent(call: ToolCall, raw: dict[str, Any]) -> dict[str, Any]:
    # Providers refuse a conversation whose calls are not JSON, so what was unreadable goes back empty.
    written = _as_dict(raw.get("function")).get("arguments") if call.arguments is not None else "{}"
    arguments = written if isinstance(written, str) and written else "{}"
    return {"id": call.id, "type": "function", "function": {"name": call.name or "unnamed", "arguments": arguments}}


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(str(_as_dict(part).get("text") or "") for part in content)
    return content if isinstance(content, str) else ""


def _first(value: Any) -> dict[str, Any]:
    items = _as_list(value)
    return _as_dict(items[0]) if items else {}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _as_dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
