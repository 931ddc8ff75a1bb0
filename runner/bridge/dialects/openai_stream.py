"""The OpenAI stream: role, reasoning, its details, text, tool calls, reason to stop, usage, `[DONE]`.

Reasoning and text go out as they come from the model. Tool calls go out whole, since agents expect each of
them in one chunk.
"""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from runner.bridge.dialects.streams import EventStream
from runner.llm.completions import Completion, DetailsPiece, Piece, Pulse, ReasoningPiece, TextPiece

DONE = "data: [DONE]"
ALIVE = ": the model is at work"


class OpenAIStream:
    """One streamed answer. `head` is what all its chunks have in common."""

    def __init__(self, request: web.Request, *, head: dict[str, Any]) -> None:
        self._events = EventStream(request)
        self._head = {"object": "chat.completion.chunk", **head}
        self._details: list[Any] = []
        self._text_sent = False

    @property
    def started(self) -> bool:
        """Whether something has been sent, so that the answer's status is fixed."""
        return self._events.started

    async def show(self, piece: Piece) -> None:
        """Send a piece of the answer, in its place in the order."""
        match piece:
            case ReasoningPiece(text):
                await self._send(self._delta({"reasoning_content": text}))
            case DetailsPiece(details):
                self._details.extend(details)
            case TextPiece(text):
                self._text_sent = True
                await self._send(*self._pending_details(), self._delta({"content": text}))
            case Pulse() if self._events.silent:
                await self._send(ALIVE)

    async def finish(self, completion: Completion, *, usage: dict[str, int]) -> web.StreamResponse:
        """Send the rest and close the stream."""
        chunks = self._pending_details()
        if completion.content and not self._text_sent:
            chunks.append(self._delta({"content": completion.content}))
        for index, call in enumerate(completion.tool_calls):
            chunks.append(self._delta({"tool_calls": [{"index": index, **call.as_dict()}]}))
        chunks.append(self._delta({}, finish_reason=completion.finish_reason))
        chunks.append(self._chunk(choices=[], usage=usage))
        await self._send(*chunks, DONE)
        await self._events.end()
        return self._events.response

    async def fail(self, code: str) -> web.StreamResponse:
        """Say that the answer broke off. No `[DONE]` follows, so nobody takes the part for the whole."""
        error = {"message": "The model service broke off its answer", "type": "upstream_error", "code": code}
        await self._send("data: " + json.dumps({"error": error}))
        self._events.response.force_close()
        await self._events.end()
        return self._events.response

    async def _send(self, *events: str) -> None:
        opening = () if self.started else (self._delta({"role": "assistant"}),)
        await self._events.send(*opening, *events)

    def _pending_details(self) -> list[str]:
        details, self._details = self._details, []
        return [self._delta({"reasoning_details": details})] if details else []

    def _delta(self, delta: dict[str, Any], *, finish_reason: str | None = None) -> str:
        return self._chunk(choices=[{"index": 0, "delta": delta, "finish_reason": finish_reason}])

    def _chunk(self, **rest: object) -> str:
        return "data: " + json.dumps({**self._head, **rest})
