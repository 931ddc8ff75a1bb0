"""`GET /health`: open, since nothing but the stage itself can reach its socket."""

from __future__ import annotations

from aiohttp import web

from runner.bridge import answers
from runner.bridge.stage import stage_of

PATH = "/health"


def routes() -> list[web.RouteDef]:
    """The route that needs no token."""
    return [web.get(PATH, health)]


async def health(request: web.Request) -> web.StreamResponse:
    """The stage's budget."""
    return answers.json_answer({"status": "ok", "budget": stage_of(request).session.budget.snapshot()})
