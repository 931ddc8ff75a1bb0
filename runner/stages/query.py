"""The query stage: the participant's task, with nothing but scoped tools."""

from runner.budgets import query_tokens
from runner.enums import FailureCode
from runner.errors import StageFailed
from runner.scopefn.client import ScopeFunction
from runner.scopefn.errors import ScopeFnInvalid
from runner.stages import environment, tooling
from runner.stages.base import Task, carry_out
from runner.stages.context import RunContext
from runner.stages.preparing import Preparation
from runner.stages.turns import Turn


def run(ctx: RunContext, preparation: Preparation, *, scope_source: str, desk: Turn | None = None) -> str:
    """The query agent's raw output; files that it leaves go to `desk`. Raises StageFailed."""
    try:
        function = ScopeFunction.start(scope_source)
    except ScopeFnInvalid as error:
        raise StageFailed(FailureCode.SCOPE_AGENT, f"Scope agent failed: its function was refused ({error})") from error
    try:
        with tooling.query_tools(ctx, function) as tools:
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
    finally:
        function.close()
