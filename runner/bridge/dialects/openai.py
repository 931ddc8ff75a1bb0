"""`POST /v1/chat/completions`: the OpenAI shape."""

from __future__ import annotations

import secrets
import time
from typing import Any

from aiohttp import web

from runner.bridge import answers, exchange
from runner.bridge.dialects.models import echoed
from runner.bridge.dialects.openai_stream import OpenAIStream
from runner.bridge.errors import note_upstream
from runner.bridge.exchange import Exchange
from runner.bridge.stage import LiveStage, stage_of
from runner.llm.errors import UpstreamError
from runner.llm.problems import Fields
from runner.llm.requests import ChatRequest, parse_openai_request

NO_MODEL = "default"


def routes() -> list[web.RouteDef]:
    """The routes of this dialect."""
    return [web.post("/v1/chat/completions", chat_completions)]


async def chat_completions(request: web.Request) -> web.StreamResponse:
    """Answer whole, or as a stream when `stream` is set. `model` is only echoed."""
    stage = stage_of(request)
    exchange.require_route(stage)
    data = await stage.bodies.read_object(request)
    fields = Fields(data)
    head = Head(model=echoed(fields.text("model") or NO_MODEL))
    chat = parse_openai_request(data)
    if fields.flag("stream"):
        return await _streamed(stage, chat, OpenAIStream(request, head=head.as_dict()))
    done = await exchange.run_exchange(stage, chat)
    return answers.json_answer({"object": "chat.completion", **head.as_dict(), **_body(done)})


class Head:
    """What every object of one answer has in common."""

    def __init__(self, *, model: str) -> None:
        self._head = {"id": f"chatcmpl-{secrets.token_hex(6)}", "created": int(time.time()), "model": model}

    def as_dict(self) -> dict[str, Any]:
        """Id, time and the echoed model."""
        return self._head


def usage_of(done: Exchange) -> dict[str, int]:
    """The tokens of an answer in this shape."""
    total = done.prompt_tokens + done.completion_tokens
    return {
        "prompt_tokens": done.prompt_tokens,
        "completion_tokens": done.completion_tokens,
        "total_tokens": total,
    }


async def _streamed(stage: LiveStage, chat: ChatRequest, stream: OpenAIStream) -> web.StreamResponse:
    try:
        done = await exchange.run_exchange(stage, chat, on_piece=stream.show)
    except UpstreamError as error:
        if not stream.started:
            raise
        note_upstream(error)
        return await stream.fail(error.code)
    return await stream.finish(done.completion, usage=usage_of(done))


def _body(done: Exchange) -> dict[str, Any]:
    completion = done.completion
    message: dict[str, Any] = {"role": "assistant", "content": completion.content}
    if completion.reasoning:
        message |= {"reasoning": completion.reasoning, "reasoning_content": completion.reasoning}
    if completion.reasoning_details:
        message["reasoning_details"] = completion.reasoning_details
    if completion.tool_calls:
        message["tool_calls"] = [call.as_dict() for call in completion.tool_calls]
    choice = {"index": 0, "message": message, "finish_reason": completion.finish_reason}
    return {"choices": [choice], "usage": usage_of(done)}
