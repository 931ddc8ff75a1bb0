"""The first step of a run whose query agent came with the question: its image."""

from typing import Any

from agents.errors import BuildAbandoned, ImageNotBuilt
from agents.services import builds
from agents.services.builds import Order
from hivemind.kit import clock, states
from runner import transitions
from runner.engine.errors import EngineError
from runner.enums import FailureCode, StageName, StageStatus
from runner.errors import RunCancelled, StageFailed
from runner.models import Stage
from runner.stages.context import RunContext


def run(ctx: RunContext) -> None:
    """Have the image built, where the run has this stage. Raises StageFailed, and RunCancelled when it was stopped.

    What the build printed is its uploader's to read; the sentence of the failure holds none of it.
    """
    if not Stage.objects.filter(run_id=ctx.run.pk, name=StageName.BUILD).exists():
        return
    _advance(ctx, StageStatus.WAITING, StageStatus.EXECUTING, started_at=clock.now())
    agent = ctx.agents[ctx.terms.query.agent_id]
    order = Order(run_id=ctx.run.pk, stopped=lambda: ctx.active.stopped)
    try:
        builds.ensure_image(agent, ctx.source_keys[agent.pk], ctx.engine, order=order)
    except BuildAbandoned as stopped:
        raise RunCancelled from stopped
    except ImageNotBuilt as error:
        _advance(ctx, StageStatus.EXECUTING, StageStatus.FAILED, ended_at=clock.now())
        raise StageFailed(
            FailureCode.BUILD, f"Image build failed: {error.reason}; its log tells the uploader more"
        ) from error
    except EngineError as error:
        raise StageFailed(FailureCode.PLATFORM, "The container engine does not answer; ask again") from error
    ctx.active.check()
    _advance(ctx, StageStatus.EXECUTING, StageStatus.DONE, ended_at=clock.now())


def _advance(ctx: RunContext, before: StageStatus, after: StageStatus, **columns: Any) -> None:
    row = Stage.objects.filter(run_id=ctx.run.pk, name=StageName.BUILD, run__fence=ctx.run.fence, run__ended_at=None)
    states.advance(row, machine=transitions.STAGE, before=before, after=after, **columns)
