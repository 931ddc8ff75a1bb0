"""The query stage: the participant's task, with nothing but scoped tools."""

from runner.budgets import query_tokens
from runner.enums import FailureCode
from runner.errors import StageFailed
from runner.rowpolicies.decision import Decision
from runner.rowpolicies.errors import PoliciesInvalid
from runner.scopefn.errors import ScopeFnInvalid
from runner.stages import environment, sight, tooling
from runner.stages.base import Task, carry_out
from runner.stages.context import RunContext
from runner.stages.preparing import Preparation
from runner.stages.sight import Sight
from runner.stages.turns import Turn


def run(ctx: RunContext, preparation: Preparation, *, decision: Decision, desk: Turn | None = None) -> str:
    """The query agent's raw output; files that it leaves go to `desk`. Raises StageFailed."""
    try:
        with sight.decided(ctx, decision) as seen:
            ctx.enforce(decision)
            return _carry_out(ctx, preparation, seen, scope_source=decision.source, desk=desk)
    except ScopeFnInvalid as error:
        raise StageFailed(FailureCode.SCOPE_AGENT, f"Scope agent failed: its function was refused ({error})") from error
    except PoliciesInvalid as error:
        sentence = f"Scope agent failed: its row policies were refused ({error.reason})"
        raise StageFailed(FailureCode.SCOPE_AGENT, sentence) from error


def _carry_out(ctx: RunContext, preparation: Preparation, seen: Sight, *, scope_source: str, desk: Turn | None) -> str:
    with tooling.query_tools(ctx, seen) as tools:
        task = Task(
            name="query",
            tools=tools,
            max_tokens=query_tokens(
                ctx.terms.max_tokens, used=ctx.tokens_used, mediated=ctx.terms.mediator is not None
            ),
            variables=environment.query(ctx, scope_source=scope_source, takes_files=desk is not None),
            extras={"desk": desk},
        )
        return carry_out(ctx, preparation, task)
