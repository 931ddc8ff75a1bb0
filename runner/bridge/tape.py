"""The model calls of a simulation, written down so that the same calls need not be paid for again.

An entry holds the hash of a request, the answer, and the request itself where there is room for it. Entries are
replayed in order: the first request that is not the next entry's ends the replay for good.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from runner.llm.completions import (
    MAX_TOKENS,
    Completion,
    DetailsPiece,
    Piece,
    ReasoningPiece,
    TextPiece,
    ToolCall,
)
from runner.llm.problems import Fields, Location, as_object, invalid
from runner.llm.requests import ChatRequest

MAX_ENTRIES = 2000
MAX_ENTRY_BYTES = 256 * 1024
# A tape comes back in the body of a request, beside a prompt and a candidate.
MAX_TAPE_BYTES = 6 * 1024 * 1024
HASH_CHARS = 64
MAX_NAME_CHARS = 200
# Options with a place of their own in the hash; the rest go in together.
_OWN_PLACE = ("temperature", "top_p")
_KEY_BYTES = len(',"request_kwargs":')


@dataclass(frozen=True)
class Entry:
    """One answered call."""

    request_hash: str
    completion: Completion


def hashed_request(request: ChatRequest) -> dict[str, Any]:
    """What of a request decides the answer, before the budget has lowered anything."""
    rest = {name: value for name, value in request.options.items() if name not in _OWN_PLACE}
    if request.reasoning is not None:
        rest["reasoning"] = request.reasoning
    hashed: dict[str, Any] = {"messages": request.messages, "max_tokens": request.max_tokens}
    hashed |= {name: request.options[name] for name in _OWN_PLACE if name in request.options}
    hashed |= {"tools": request.tools} if request.tools else {}
    hashed |= {"tool_choice": request.tool_choice} if request.tool_choice is not None else {}
    return hashed | ({"extra_body": rest} if rest else {})


@dataclass(frozen=True)
class Asked:
    """A request as the tape knows it: `hash` is the SHA-256, in hex, of the canonical JSON of `hashed_request`."""

    hash: str
    size_bytes: int
    request: dict[str, Any]


def asked(request: ChatRequest) -> Asked:
    """What the tape has to know of a request."""
    hashed = hashed_request(request)
    text = _canonical(hashed)
    return Asked(hashlib.sha256(text).hexdigest(), len(text), hashed)


class Tape:
    """Replays one tape and records the next. All methods belong to the bridge's loop."""

    def __init__(self, replay: Sequence[Entry] = ()) -> None:
        self._replay = replay
        self._cursor = 0
        self._replaying = bool(replay)
        self._recorded: list[dict[str, Any]] = []
        self._recorded_bytes = 0
        self._full = False
        self.hits = 0

    def replay(self, call: Asked) -> Completion | None:
        """The recorded answer when this request is the next one on the tape; None, from then on always, when not."""
        if not self._replaying:
            return None
        entry = self._replay[self._cursor]
        if entry.request_hash != call.hash:
            self._replaying = False
            return None
        self._cursor += 1
        self._replaying = self._cursor < len(self._replay)
        self.hits += 1
        return entry.completion

    def record(self, call: Asked, completion: Completion) -> None:
        """Write an answered call down. A tape that is full stays as it is: its beginning can still be replayed."""
        if self._full:
            return
        entry = {"request_hash": call.hash, "response": _response(completion)}
        size = len(_canonical(entry))
        if self._fits(size + call.size_bytes + _KEY_BYTES):
            entry["request_kwargs"] = call.request
            size += call.size_bytes + _KEY_BYTES
        if not self._fits(size):
            self._full = True
            return
        self._recorded.append(entry)
        self._recorded_bytes += size
        self._full = len(self._recorded) >= MAX_ENTRIES

    def recorded(self) -> list[dict[str, Any]]:
        """The new tape, for the wire."""
        return list(self._recorded)

    def _fits(self, size_bytes: int) -> bool:
        return size_bytes <= MAX_ENTRY_BYTES and self._recorded_bytes + size_bytes <= MAX_TAPE_BYTES


def parse_tape(items: Sequence[object], *, loc: Location) -> tuple[Entry, ...]:
    """A tape from a request. Raises `RequestInvalid`."""
    if len(items) > MAX_ENTRIES:
        raise invalid("too_long", loc, f"List should have at most {MAX_ENTRIES} items")
    total = 0
    entries = []
    for index, item in enumerate(items):
        fields = Fields(as_object(item, loc=(*loc, index)), loc=(*loc, index))
        size = len(_canonical(fields.data))
        total += size
        if size > MAX_ENTRY_BYTES or total > MAX_TAPE_BYTES:
            raise invalid("too_long", fields.loc, "Tape is too large here")
        entries.append(_entry(fields))
    return tuple(entries)


def pieces_of(completion: Completion) -> list[Piece]:
    """A whole answer as the pieces in which it would have come."""
    pieces: list[Piece] = []
    if completion.reasoning:
        pieces.append(ReasoningPiece(completion.reasoning))
    if completion.reasoning_details:
        pieces.append(DetailsPiece(completion.reasoning_details))
    if completion.content and completion.content != completion.reasoning:
        pieces.append(TextPiece(completion.content))
    return pieces


def _canonical(value: object) -> bytes:
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")
    except (ValueError, RecursionError):
        raise invalid("value_error", ("body",), "The request is nested too deeply") from None


def _response(completion: Completion) -> dict[str, Any]:
    return {
        "content": completion.content,
        "finish_reason": completion.finish_reason,
        "reasoning": completion.reasoning,
        "reasoning_details": completion.reasoning_details,
        "tool_calls": [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in completion.tool_calls],
        "usage": {
            "prompt_tokens": completion.prompt_tokens,
            "completion_tokens": completion.completion_tokens,
        },
    }


def _entry(fields: Fields) -> Entry:
    digest = fields.required_text("request_hash")
    if len(digest) != HASH_CHARS:
        raise invalid("string_length", fields.at("request_hash"), "Input should be a SHA-256 in hex")
    fields.require("response")
    answer = Fields(as_object(fields.data["response"], loc=fields.at("response")), loc=fields.at("response"))
    usage = Fields(answer.mapping("usage") or {}, loc=answer.at("usage"))
    calls = [_call(item, (*answer.at("tool_calls"), i)) for i, item in enumerate(answer.items("tool_calls") or [])]
    reason = answer.text("finish_reason") or "stop"
    return Entry(
        digest,
        Completion(
            content=answer.text("content"),
            finish_reason=reason[:MAX_NAME_CHARS],
            reasoning=answer.text("reasoning"),
            reasoning_details=answer.items("reasoning_details") or [],
            tool_calls=tuple(calls),
            prompt_tokens=usage.integer("prompt_tokens", minimum=0, maximum=MAX_TOKENS),
            completion_tokens=usage.integer("completion_tokens", minimum=0, maximum=MAX_TOKENS),
        ),
    )


def _call(item: object, loc: Location) -> ToolCall:
    fields = Fields(as_object(item, loc=loc), loc=loc)
    return ToolCall(
        id=fields.required_text("id")[:MAX_NAME_CHARS],
        name=fields.required_text("name"),
        arguments=fields.required_text("arguments"),
    )
