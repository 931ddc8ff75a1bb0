"""Carrying out a run in a worker: claim, open the key, stages in order, end.

The claim is one conditional update that raises the fencing number; every later write carries that number. A worker
that lost its claim writes nothing more.
"""

import logging
from typing import Any

from django.db.models import F

from agents.models import Agent
from agents.services import sources, uploads
from agents.services.engine import engine
from attestation.encoding import unb64
from attestation.errors import SealError, VerificationError
from attestation.sealing import aead
from attestation.sealing.context import prompt_context
from hivemind.kit import clock, worker
from hivemind.kit.conf import conf
from hivemind.kit.handoff import HandoffLost
from hivemind.kit.states import StaleState
from rooms.access import policies
from rooms.selectors import rooms
from rooms.services import readers, vault
from runner.enums import FailureCode, RunStatus
from runner.errors import RouteDisabled, RunCancelled, StageFailed
from runner.models import Run
from runner.services import active, finish
from runner.services.endings import Ending
from runner.stages import build, leaving, mediate, query, scope
from runner.stages.context import RunContext
from runner.stages.preparing import Preparation
from runner.terms import RunTerms

log = logging.getLogger(__name__)


def run(run_id: str) -> None:
    """Claim the run and carry it out to its end. Does nothing when the run is not waiting."""
    claimed = _claim(run_id)
    if claimed is None:
        return
    room_key: bytes | None = None
    ctx: RunContext | None = None
    with active.carrying(run_id) as flight:
        try:
            keys = worker.identity().open(claimed.handoff, subject=run_id)
            room_key = unb64(keys["room_key"])
            ctx = _context(claimed, room_key, keys, flight)
            ending = _stages(ctx)
        except (HandoffLost, SealError):
            ending = finish.failed(FailureCode.WORKER_LOST)
        except Exception:
            log.exception("a run failed in the platform", extra={"run_id": run_id})
            ending = finish.failed(FailureCode.PLATFORM, facts=ctx.facts() if ctx else None)
    _end(claimed, ending, room_key)


def _claim(run_id: str) -> Run | None:
    now = clock.now()
    waiting = Run.objects.filter(pk=run_id, status=RunStatus.PENDING, cancel_requested_at=None, deadline_at__gt=now)
    won = waiting.update(
        status=RunStatus.RUNNING, fence=F("fence") + 1, worker_id=worker.identity().worker_id, updated_at=now
    )
    return Run.objects.select_related("room", "tenant").get(pk=run_id) if won == 1 else None


def _context(run: Run, room_key: bytes, keys: dict[str, Any], flight: active.ActiveRun) -> RunContext:
    terms = RunTerms.from_json(run.terms)
    agents = Agent.objects.in_bulk([stage.agent_id for _, stage in terms.stages])
    given = {agent_id: unb64(text) for agent_id, text in keys["source_keys"].items()}
    context = prompt_context(tenant_id=run.tenant_id, room_id=run.room_id, run_id=run.id)
    return RunContext(
        run=run,
        room=run.room,
        terms=terms,
        engine=engine(),
        active=flight,
        agents=agents,
        room_key=room_key,
        source_keys={
            agent.id: given.get(agent.id) or sources.open_source_key(agent, room_id=run.room_id, room_key=room_key)
            for agent in agents.values()
        },
        prompt=aead.open_sealed(room_key, bytes(run.prompt_sealed), context=context).decode("utf-8"),
    )


def _stages(ctx: RunContext) -> Ending:
    try:  # this process may be of another build than the one that took the question
        policies.check_build(rooms.verify(ctx.room).verified.manifest)
    except VerificationError as error:
        return finish.failed(FailureCode.PLATFORM, facts=ctx.facts(), sentence=str(error))
    preparation = Preparation(ctx)
    try:
        uploads.note_use(ctx.agents.values())
        build.run(ctx)
        preparation.begin()
        ctx.vault = vault.snapshot(ctx.room, ctx.room_key)
        if ctx.terms.allowed_tables:
            ctx.tables = readers.ensure(ctx.run.tenant, ctx.room.id, ctx.terms.allowed_tables)
        decision = scope.run(ctx, preparation)
        files = leaving.allowed(ctx, preparation)
        output = query.run(ctx, preparation, decision=decision, desk=files.for_query() if files else None)
        if ctx.terms.mediator is not None:
            output = mediate.run(ctx, preparation, raw_output=output, leaving=files)
        if files is not None:
            files.report(ctx, output)
        return finish.completed(output[: conf.budgets.max_output_chars], ctx.facts())
    except StageFailed as error:
        return finish.failed(error.code, facts=ctx.facts(), sentence=error.sentence)
    except RouteDisabled as error:
        return finish.failed(FailureCode.PLATFORM, facts=ctx.facts(), sentence=str(error))
    except (RunCancelled, StaleState):
        return finish.failed(FailureCode.CANCELLED, facts=ctx.facts())
    finally:
        preparation.close()


def _end(run: Run, ending: Ending, room_key: bytes | None) -> None:
    try:
        finish.end(run, ending, room_key=room_key)
    except StaleState:
        log.warning("another process ended this run first", extra={"run_id": run.id})
