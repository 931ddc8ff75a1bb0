"""`GET /v1/models` and `GET /v1/models/{name}`: the one model that the stage's calls go to.

An entry has the fields of both the OpenAI and the Anthropic shape, so that one path serves the clients of either.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from runner.bridge import answers
from runner.bridge.errors import Refused
from runner.bridge.stage import stage_of
from runner.llm.providers import LlmRoute

# When the model was made is not known; the shapes want a moment all the same.
_EPOCH = "1970-01-01T00:00:00Z"

# A longer name is none, and it comes back with every piece of a stream.
MAX_NAME_CHARS = 256


def echoed(name: str) -> str:
    """The name of a model as an answer repeats it: the one that was asked for, which decides nothing."""
    return name[:MAX_NAME_CHARS]


def routes() -> list[web.RouteDef]:
    """The routes of the list and of its entry, whose name may hold slashes."""
    return [web.get("/v1/models", list_models), web.get("/v1/models/{name:.+}", show_model)]


async def list_models(request: web.Request) -> web.StreamResponse:
    """The list, which is empty where no model may be called."""
    route = stage_of(request).session.llm
    models = [] if route is None else [_entry(route)]
    ids = [model["id"] for model in models]
    ends = {"first_id": ids[0] if ids else None, "last_id": ids[-1] if ids else None}
    return answers.json_answer({"object": "list", "data": models, "has_more": False, **ends})


async def show_model(request: web.Request) -> web.StreamResponse:
    """The entry of the stage's model; any other name is not found."""
    route = stage_of(request).session.llm
    if route is None or request.match_info["name"] != route.model:
        raise Refused(404, "No such model")
    return answers.json_answer(_entry(route))


def _entry(route: LlmRoute) -> dict[str, Any]:
    return {
        "id": route.model,
        "object": "model",
        "created": 0,
        "owned_by": route.provider.name,
        "type": "model",
        "display_name": route.model,
        "created_at": _EPOCH,
    }
