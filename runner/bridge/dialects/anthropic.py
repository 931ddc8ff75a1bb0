"""`POST /v1/messages` and `/v1/messages/count_tokens`: the Anthropic shape."""

from __future__ import annotations

import json
import secrets
from typing import Any

from aiohttp import web

from runner.bridge import answers, exchange
from runner.bridge.dialects.anthropic_request import parse_anthropic_request, parse_prompt
from runner.bridge.dialects.anthropic_stream import AnthropicStream
from runner.bridge.dialects.models import echoed
from runner.bridge.errors import note_upstream
from runner.bridge.exchange import Exchange
from runner.bridge.stage import LiveStage, stage_of
from runner.llm.completions import Completion, ToolCall
from runner.llm.errors import UpstreamError
from runner.llm.problems import Fields
from runner.llm.requests import CHARS_PER_TOKEN, ChatRequest

STOP_REASONS = {"stop": "end_turn", "tool_calls": "tool_use", "length": "max_tokens"}


def routes() -> list[web.RouteDef]:
    """The routes of this dialect."""
    return [web.post("/v1/messages", messages), web.post("/v1/messages/count_tokens", count_tokens)]


async def messages(request: web.Request) -> web.StreamResponse:
    """Answer whole, or as a stream when `stream` is set. `model` is only echoed."""
    stage = stage_of(request)
    exchange.require_route(stage)
    data = await stage.bodies.read_object(request)
    chat = parse_anthropic_request(data)
    head = {
        "id": f"msg_{secrets.token_hex(6)}",
        "type": "message",
        "role": "assistant",
        "model": echoed(data["model"]),
    }
    if Fields(data).flag("stream"):
        stream = AnthropicStream(request, head=head, input_tokens=chat.prompt_estimate)
        return await _streamed(stage, chat, stream)
    done = await exchange.run_exchange(stage, chat)
    return answers.json_answer({**head, **_body(done)})


async def count_tokens(request: web.Request) -> web.StreamResponse:
    """An estimate of a prompt's tokens; free, and answered also where no model may be called."""
    data = await stage_of(request).bodies.read_object(request)
    chat = parse_prompt(data)
    tool_chars = len(json.dumps(chat.tools)) if chat.tools else 0
    chars = chat.weight.content_chars + chat.weight.side_chars + tool_chars
    return answers.json_answer({"input_tokens": max(chars // CHARS_PER_TOKEN, 1)})


def stop_reason(completion: Completion) -> str:
    """Why the model stopped, in this shape's words."""
    return STOP_REASONS.get(completion.finish_reason, "end_turn")


def tool_input(call: ToolCall) -> dict[str, Any]:
    """The arguments of a call as an object; an empty one when they are not."""
    try:
        value = json.loads(call.arguments)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


async def _streamed(stage: LiveStage, chat: ChatRequest, stream: AnthropicStream) -> web.StreamResponse:
    try:
        done = await exchange.run_exchange(stage, chat, on_piece=stream.show)
    except UpstreamError as error:
        if not stream.started:
            raise
        note_upstream(error)
        return await stream.fail()
    calls = [(call, tool_input(call)) for call in done.completion.tool_calls]
    return await stream.finish(done, calls=calls, stop_reason=stop_reason(done.completion))


def _body(done: Exchange) -> dict[str, Any]:
    completion = done.completion
    blocks: list[dict[str, Any]] = []
    if completion.content or not completion.tool_calls:
        blocks.append({"type": "text", "text": completion.content or ""})
    for call in completion.tool_calls:
        blocks.append({"type": "tool_use", "id": call.id, "name": call.name, "input": tool_input(call)})
    return {
        "content": blocks,
        "stop_reason": stop_reason(completion),
        "stop_sequence": None,
        "usage": {"input_tokens": done.prompt_tokens, "output_tokens": done.completion_tokens},
    }
