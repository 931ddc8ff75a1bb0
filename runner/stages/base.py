"""Carrying out one stage: open its bridge, let the container go, wait, and judge how it ended."""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hivemind.kit import clock, states
from runner import transitions
from runner.bridge.budget import Budget
from runner.bridge.server import Bridge
from runner.bridge.sessions import Simulator, StageSession
from runner.engine.base import Exit
from runner.enums import FailureCode, StageStatus
from runner.errors import StageFailed
from runner.models import Run, Stage
from runner.services import bridges, model_routes
from runner.services.active import Meter
from runner.stages import endings, environment
from runner.stages.context import RunContext
from runner.stages.preparing import Preparation
from runner.stages.tooling import StageTools

CODES = {
    "scope": FailureCode.SCOPE_AGENT,
    "query": FailureCode.QUERY_AGENT,
    "mediator": FailureCode.MEDIATOR_AGENT,
}
TITLES = {"scope": "Scope agent", "query": "Query agent", "mediator": "Mediator agent"}


@dataclass(frozen=True)
class Task:
    """What one stage has to do: its tools, its budget, and the variables that only it gets.

    `simulator` makes what carries out its simulations, within the stage's budget and until its deadline. `folders`
    are files that it can read below /run/hive/in/.
    """

    name: str
    tools: StageTools
    max_tokens: int
    variables: dict[str, str]
    extras: dict[str, Any]
    simulator: Callable[[Budget, float], Simulator] | None = None
    folders: Mapping[str, Mapping[str, Iterable[bytes]]] = field(default_factory=dict)


def carry_out(ctx: RunContext, preparation: Preparation, task: Task) -> str:
    """The stage's output. Raises StageFailed, and RunCancelled when the run was stopped meanwhile."""
    ready = preparation.take(task.name)
    ctx.active.check()
    stage = ctx.stage(task.name)
    token = secrets.token_urlsafe(32)
    deadline = time.monotonic() + stage.timeout_seconds
    budget = Budget(max_calls=stage.max_llm_calls, max_tokens=task.max_tokens)
    session = StageSession(
        role=task.name,
        token=token,
        tools=task.tools.registry,
        interrupt_tools=task.tools.interrupt,
        budget=budget,
        deadline=deadline,
        llm=model_routes.route_of(ctx.terms, stage),
        simulator=task.simulator(budget, deadline) if task.simulator else None,
        **task.extras,
    )
    bridge: Bridge = bridges.bridge()
    _begin(ctx.run, task.name, clock.now())
    opened = bridge.open(session, ready.listener)
    ctx.active.meter = Meter(task.name, lambda: opened.usage().as_dict())
    try:
        common = environment.common(ctx, task.name, token=token, max_tokens=task.max_tokens)
        ready.handle.release(common | task.variables, folders=task.folders)
        ended = ready.handle.wait(deadline)
    finally:
        ctx.active.meter = None
        used = opened.close().as_dict()
        ctx.usage[task.name] = used
    return _judge(ctx, task.name, ended, used)


def _begin(run: Run, name: str, started_at: Any) -> None:
    row = Stage.objects.filter(run_id=run.pk, name=name, run__fence=run.fence, run__ended_at=None)
    states.advance(
        row,
        machine=transitions.STAGE,
        before=StageStatus.WAITING,
        after=StageStatus.EXECUTING,
        started_at=started_at,
    )


def _judge(ctx: RunContext, name: str, ended: Exit, used: dict[str, Any]) -> str:
    ctx.active.check()
    good = ended.succeeded
    states.advance(
        Stage.objects.filter(run_id=ctx.run.pk, name=name),
        machine=transitions.STAGE,
        before=StageStatus.EXECUTING,
        after=StageStatus.DONE if good else StageStatus.FAILED,
        ended_at=clock.now(),
        exit_reason=ended.reason.value,
        exit_code=ended.code,
        usage=used,
    )
    if not good:
        raise StageFailed(
            CODES[name],
            f"{TITLES[name]} failed: {endings.why(ended, ctx.stage(name))}",
            reason=ended.reason.value,
            exit_code=ended.code,
        )
    return endings.output(ended)
