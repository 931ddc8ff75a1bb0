"""The Anthropic stream: message_start, the blocks one after another, message_delta, message_stop."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from runner.bridge.dialects.streams import EventStream
from runner.bridge.exchange import Exchange
from runner.llm.completions import Piece, TextPiece, ToolCall


class AnthropicStream:
    """One streamed answer. Text goes out as it comes; each tool call is one block with one delta."""

    def __init__(self, request: web.Request, *, head: dict[str, Any], input_tokens: int) -> None:
        self._events = EventStream(request)
        self._head = head
        self._input_tokens = input_tokens
        self._blocks = 0
        self._text_open = False

    @property
    def started(self) -> bool:
        """Whether something has been sent, so that the answer's status is fixed."""
        return self._events.started

    async def show(self, piece: Piece) -> None:
        """Send a piece of the text; of reasoning, which has no place in this shape, only that it goes on."""
        if isinstance(piece, TextPiece):
            await self._send(*self._text(piece.text))
        elif not self.started:
            await self._send()
        elif self._events.silent:
            await self._send(_event("ping"))

    async def finish(
        self, done: Exchange, *, calls: Sequence[tuple[ToolCall, dict[str, Any]]], stop_reason: str
    ) -> web.StreamResponse:
        """Send the rest and close the stream; `calls` are the tool calls with their parsed arguments."""
        events: list[str] = []
        content = done.completion.content or ""
        if not self._text_open and (content or not calls):
            events += self._text(content)
        if self._text_open:
            events.append(self._block_stop())
        for call, arguments in calls:
            events += self._tool(call, arguments)
        delta = {"stop_reason": stop_reason, "stop_sequence": None}
        usage = {"input_tokens": done.prompt_tokens, "output_tokens": done.completion_tokens}
        events += [_event("message_delta", delta=delta, usage=usage), _event("message_stop")]
        await self._send(*events)
        await self._events.end()
        return self._events.response

    async def fail(self) -> web.StreamResponse:
        """Say that the answer broke off; no message_stop follows."""
        error = {"type": "api_error", "message": "The model service broke off its answer"}
        await self._send(_event("error", error=error))
        self._events.response.force_close()
        await self._events.end()
        return self._events.response

    async def _send(self, *events: str) -> None:
        opening = () if self.started else (self._message_start(),)
        await self._events.send(*opening, *events)

    def _message_start(self) -> str:
        usage = {"input_tokens": self._input_tokens, "output_tokens": 0}
        message = {**self._head, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
        return _event("message_start", message=message)

    def _text(self, text: str) -> list[str]:
        events = []
        if not self._text_open:
            self._text_open = True
            events.append(self._block_start({"type": "text", "text": ""}))
        events.append(self._block_delta({"type": "text_delta", "text": text}))
        return events

    def _tool(self, call: ToolCall, arguments: dict[str, Any]) -> list[str]:
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(arguments)}
        return [self._block_start(block), self._block_delta(delta), self._block_stop()]

    def _block_start(self, block: dict[str, Any]) -> str:
        return _event("content_block_start", index=self._blocks, content_block=block)

    def _block_delta(self, delta: dict[str, Any]) -> str:
        return _event("content_block_delta", index=self._blocks, delta=delta)

    def _block_stop(self) -> str:
        self._blocks += 1
        return _event("content_block_stop", index=self._blocks - 1)


def _event(kind: str, **rest: object) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **rest})}"
