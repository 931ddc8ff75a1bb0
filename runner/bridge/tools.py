"""`GET /tools` and `POST /tools/{name}`."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from runner.bridge import answers
from runner.bridge.errors import note_unexpected
from runner.bridge.sessions import ToolRegistry
from runner.bridge.stage import stage_of
from runner.llm.problems import as_object

FAILED = {"result": "", "error": "The tool failed."}


def routes() -> list[web.RouteDef]:
    """The routes of the tools."""
    return [web.get("/tools", list_tools), web.post("/tools/{name}", call_tool)]


async def list_tools(request: web.Request) -> web.StreamResponse:
    """The definitions of the stage's tools."""
    return answers.encoded_answer(stage_of(request).tool_list)


async def call_tool(request: web.Request) -> web.StreamResponse:
    """Carry a tool out. Always 200: failures are part of the answer."""
    stage = stage_of(request)
    name = request.match_info["name"]
    data = await stage.bodies.read_object(request)
    arguments = as_object(data.get("arguments", {}), loc=("body", "arguments"))
    stage.counters.note_tool(name)
    body = await stage.workers.run(lambda: _carried_out(stage.session.tools, name, arguments))
    return answers.encoded_answer(body)


def _carried_out(tools: ToolRegistry, name: str, arguments: dict[str, Any]) -> bytes:
    """Runs in a worker thread, the encoding of a large result included."""
    try:
        answer = tools.call(name, arguments)
        result, error = answer["result"], answer["error"]
    except Exception as failure:  # noqa: BLE001 - the edge between a stage's tools and the agent
        note_unexpected(failure)
        return answers.encoded(FAILED)
    if not isinstance(result, str) or not (error is None or isinstance(error, str)):
        return answers.encoded(FAILED)
    return answers.encoded({"result": result, "error": error})
