"""`POST /llm/chat`: messages in, text out."""

from __future__ import annotations

from aiohttp import web

from runner.bridge import answers, exchange
from runner.bridge.stage import stage_of
from runner.llm.messages import Weight, rebuild_messages
from runner.llm.problems import Fields
from runner.llm.requests import DEFAULT_MAX_TOKENS, ChatRequest

MAX_TOKENS = 16_384


def routes() -> list[web.RouteDef]:
    """The routes of this dialect."""
    return [web.post("/llm/chat", chat)]


async def chat(request: web.Request) -> web.StreamResponse:
    """Answer with the model's text and the tokens used."""
    stage = stage_of(request)
    exchange.require_route(stage)
    fields = Fields(await stage.bodies.read_object(request))
    done = await exchange.run_exchange(stage, _parsed(fields))
    usage = {"prompt_tokens": done.prompt_tokens, "completion_tokens": done.completion_tokens}
    return answers.json_answer({"content": done.completion.content or "", "usage": usage})


def _parsed(fields: Fields) -> ChatRequest:
    weight = Weight()
    options = {name: fields.number(name) for name in ("temperature", "top_p")}
    return ChatRequest(
        messages=rebuild_messages(fields.required_items("messages"), weight=weight),
        max_tokens=fields.integer("max_tokens", maximum=MAX_TOKENS) or DEFAULT_MAX_TOKENS,
        options={name: value for name, value in options.items() if value is not None},
        weight=weight,
    )
