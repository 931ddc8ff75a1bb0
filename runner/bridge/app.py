"""The HTTP application of one stage: which routes it has, who may use them, how errors leave it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from runner.bridge import auth, faults, health, judging, policy_check, query_files, scope_only, simulate, tools
from runner.bridge.dialects import anthropic, models, openai, simple
from runner.bridge.errors import fault_of
from runner.bridge.faults import Fault
from runner.bridge.sessions import StageSession
from runner.bridge.stage import STAGE, LiveStage, stage_of

OVER = Fault(503, "The stage is over", final=True)
NOT_AUTHENTIC = Fault(401, "Invalid session token")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def build_app(stage: LiveStage) -> web.Application:
    """The application for a stage. A route that the stage has no right to does not exist in it."""
    app = web.Application(middlewares=[edge], client_max_size=stage.limits.max_body_bytes)
    app[STAGE] = stage
    app.add_routes(routes_for(stage.session))
    return app


def routes_for(session: StageSession) -> list[web.RouteDef]:
    """Every route of a stage."""
    routes = [*health.routes(), *tools.routes(), *simple.routes(), *openai.routes(), *anthropic.routes()]
    routes += models.routes()
    if session.role == "scope":
        routes += [*scope_only.file_routes(), *simulate.routes()]
        if session.verify_scope is not None:
            routes += scope_only.verify_routes(session.verify_scope)
        if session.verify_policies is not None:
            routes += policy_check.routes(session.verify_policies)
    if session.role == "query" and session.desk is not None:
        routes += query_files.routes(session.desk)
    if session.role == "mediator" and session.judge is not None:
        routes += judging.routes(session.judge)
    return routes


@web.middleware
async def edge(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The edge of the process: lets in who has the token, and lets no error out but as an answer."""
    stage = stage_of(request)
    stage.note_arrival(request.transport)
    if stage.closing:
        return faults.answer(OVER, path=request.path)
    task = asyncio.current_task()
    if task is not None:
        stage.tasks.add(task)
        task.add_done_callback(stage.tasks.discard)
    try:
        if _needs_token(request) and not auth.is_authentic(request, token=stage.session.token):
            return faults.answer(NOT_AUTHENTIC, path=request.path)
        return await handler(request)
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001 - the process edge
        return faults.answer(fault_of(error), path=request.path)


def _needs_token(request: web.Request) -> bool:
    match = request.match_info
    return match.http_exception is None and match.handler is not health.health
