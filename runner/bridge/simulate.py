"""Rehearsals for the scope stage: the query agent's answer under a candidate that is not in force yet."""

from __future__ import annotations

import logging
from typing import Any

from aiohttp import web

from runner.bridge import answers
from runner.bridge.errors import Refused
from runner.bridge.sessions import Candidate, Outcome, Rehearsal, Simulator
from runner.bridge.stage import LiveStage, stage_of
from runner.bridge.tape import Entry, parse_tape
from runner.llm.problems import Fields, Location, as_object, invalid

log = logging.getLogger("runner.bridge")

MAX_CANDIDATES = 3
CALLER = "X-Simulate-Caller"
# Whatever else an agent calls itself is not repeated: a log is read by people who must not see the room's data.
KNOWN_CALLERS = frozenset({"simulate_query", "simulate_multi", "simulate", "simulate_batch", "agent", "mcp", "sdk"})


def routes() -> list[web.RouteDef]:
    """The routes of simulation."""
    return [web.post("/sandbox/simulate", simulate), web.post("/sandbox/simulate_batch", simulate_batch)]


async def simulate(request: web.Request) -> web.StreamResponse:
    """One rehearsal: the query agent's output, and the tape of its model calls."""
    stage = stage_of(request)
    fields = Fields(await stage.bodies.read_object(request))
    agent_id, prompt = fields.required_text("query_agent_id"), fields.required_text("prompt")
    candidate = _candidate(fields)
    tape = await _tape(stage, fields)
    simulator = _simulator(stage, agent_id)
    _note(request, candidates=1)
    (outcome,) = await simulator.run([Rehearsal(prompt, candidate, tape)])
    if outcome.error is not None:
        raise Refused(500, f"Simulation failed: {outcome.error}")
    answer = {"output": outcome.output, "tape": list(outcome.tape)}
    return answers.encoded_answer(await stage.workers.run(lambda: answers.encoded(answer)))


async def simulate_batch(request: web.Request) -> web.StreamResponse:
    """Rehearsals of several candidates at once. Always 200 once they have begun: each has its own error or none."""
    stage = stage_of(request)
    fields = Fields(await stage.bodies.read_object(request))
    agent_id, prompt = fields.required_text("query_agent_id"), fields.required_text("prompt")
    candidates = _candidates(fields)
    tape = await _tape(stage, fields)
    simulator = _simulator(stage, agent_id)
    _note(request, candidates=len(candidates))
    outcomes = await simulator.run([Rehearsal(prompt, candidate, tape) for candidate in candidates])
    answer = {"results": [_item(index, outcome) for index, outcome in enumerate(outcomes)]}
    return answers.encoded_answer(await stage.workers.run(lambda: answers.encoded(answer)))


def _item(index: int, outcome: Outcome) -> dict[str, Any]:
    return {"idx": index, "output": outcome.output, "error": outcome.error}


def _simulator(stage: LiveStage, agent_id: str) -> Simulator:
    session = stage.session
    if not session.query_agent_id or session.simulator is None:
        raise Refused(400, "No query agent is bound to this stage")
    if agent_id != session.query_agent_id:
        raise Refused(403, "This agent is not the one that the stage is bound to")
    return session.simulator


def _candidates(fields: Fields) -> list[Candidate]:
    items, loc = fields.required_items("candidates"), fields.at("candidates")
    if not items:
        raise invalid("too_short", loc, "List should have at least 1 item")
    if len(items) > MAX_CANDIDATES:
        raise invalid("too_long", loc, f"List should have at most {MAX_CANDIDATES} items")
    return [_listed(item, (*loc, index)) for index, item in enumerate(items)]


def _listed(item: object, loc: Location) -> Candidate:
    if isinstance(item, str):
        return Candidate(item)
    return _candidate(Fields(as_object(item, loc=loc), loc=loc))


def _candidate(fields: Fields) -> Candidate:
    policies = fields.data.get("row_policies")
    if policies is not None and fields.text("scope_fn_source") is None:
        return Candidate("", policies)
    return Candidate(fields.required_text("scope_fn_source"), policies)


async def _tape(stage: LiveStage, fields: Fields) -> tuple[Entry, ...]:
    items = fields.items("replay_tape") or []
    return await stage.workers.run(lambda: parse_tape(items, loc=fields.at("replay_tape"))) if items else ()


def _note(request: web.Request, *, candidates: int) -> None:
    caller = request.headers.get(CALLER)
    shown = caller if caller is None or caller in KNOWN_CALLERS else "other"
    log.info("simulation: candidates=%d caller=%s", candidates, shown or "none")
