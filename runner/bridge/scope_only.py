"""What only the scope stage may ask: checking its function and reading the query agent's source."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from runner.bridge import answers
from runner.bridge.errors import Refused
from runner.bridge.sessions import QueryFiles, ScopeVerifier, SourceHidden
from runner.bridge.stage import LiveStage, stage_of
from runner.llm.problems import Fields, as_object, invalid

MAX_TESTS = 200
FILES_PATH = "/sandbox/agents/{agent_id}/files"


def verify_routes(verify: ScopeVerifier) -> list[web.RouteDef]:
    """The route that tries a scope function out."""

    async def verify_scope_fn(request: web.Request) -> web.StreamResponse:
        """Compile the source and run the tests on it."""
        stage = stage_of(request)
        asked = _parsed(Fields(await stage.bodies.read_object(request)))
        return answers.encoded_answer(await stage.workers.run(lambda: answers.encoded(verify(asked))))

    return [web.post("/sandbox/verify_scope_fn", verify_scope_fn)]


def file_routes() -> list[web.RouteDef]:
    """The routes to the source of the query agent."""
    return [web.get(FILES_PATH, list_files), web.get(FILES_PATH + "/{path:.+}", read_file)]


async def list_files(request: web.Request) -> web.StreamResponse:
    """The paths and sizes of the stored files."""
    stage = stage_of(request)
    files = _files(stage, request.match_info["agent_id"])
    return answers.json_answer({"files": await stage.workers.run(files.list_files)})


async def read_file(request: web.Request) -> web.StreamResponse:
    """The text of one stored file."""
    stage = stage_of(request)
    files = _files(stage, request.match_info["agent_id"])
    path = request.match_info["path"]
    try:
        content = await stage.workers.run(lambda: files.read_file(path))
    except SourceHidden:
        raise Refused(403, "The source of this agent is not shown") from None
    if content is None:
        raise Refused(404, "File not found")
    return answers.json_answer({"content": content})


def _files(stage: LiveStage, agent_id: str) -> QueryFiles:
    session = stage.session
    if not session.query_agent_id or session.query_files is None:
        raise Refused(400, "No query agent is bound to this stage")
    if agent_id != session.query_agent_id:
        raise Refused(403, "This agent is not the one that the stage is bound to")
    return session.query_files


def _parsed(fields: Fields) -> dict[str, Any]:
    tests = fields.items("tests") or []
    loc = fields.at("tests")
    if len(tests) > MAX_TESTS:
        raise invalid("too_long", loc, f"List should have at most {MAX_TESTS} items")
    source = fields.required_text("source")
    found = [_test(Fields(as_object(test, loc=(*loc, i)), loc=(*loc, i))) for i, test in enumerate(tests)]
    return {"source": source, "tests": found}


def _test(fields: Fields) -> dict[str, Any]:
    rows = fields.items("rows") or []
    expected = fields.items("expect_rows")
    for name, items in (("rows", rows), ("expect_rows", expected or [])):
        for index, row in enumerate(items):
            as_object(row, loc=(*fields.at(name), index))
    return {
        "sql": fields.required_text("sql"),
        "params": fields.items("params") or [],
        "rows": rows,
        "expect_allow": fields.flag("expect_allow"),
        "expect_min_rows": fields.integer("expect_min_rows", minimum=0),
        "expect_rows": expected,
        "label": fields.text("label", ""),
    }
