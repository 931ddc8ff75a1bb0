"""The mediator stage: no tools, one text in, the answer out; the run's files too, where it judges those."""

from runner.budgets import mediator_tokens
from runner.enums import FailureCode
from runner.errors import StageFailed
from runner.stages import environment, tooling
from runner.stages.base import Task, carry_out
from runner.stages.context import RunContext
from runner.stages.leaving import FOLDER, Leaving, told
from runner.stages.preparing import Preparation


def run(ctx: RunContext, preparation: Preparation, *, raw_output: str, leaving: Leaving | None = None) -> str:
    """The audited answer. Raises StageFailed, also when too little budget is left to audit anything.

    A mediator that judges files sees those that wait in `leaving`, and may withhold or replace them.
    """
    tokens = mediator_tokens(ctx.terms.max_tokens, used=ctx.tokens_used)
    if tokens is None:
        raise StageFailed(FailureCode.MEDIATOR_AGENT, "Mediator agent failed: the run's token budget is used up")
    judge = leaving.for_mediator() if leaving is not None else None
    task = Task(
        name="mediator",
        tools=tooling.NO_TOOLS,
        max_tokens=tokens,
        variables=environment.mediator(ctx, raw_output=raw_output) | (told(judge) if judge else {}),
        extras={"judge": judge},
        folders={FOLDER: leaving.contents()} if leaving is not None and judge is not None else {},
    )
    return carry_out(ctx, preparation, task)
