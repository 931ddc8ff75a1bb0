"""The scope stage: full read of the room's tables and vault, and what others may see of them as its result."""

from typing import Any

from django.db import connections

from agents.services import sources
from attestation.digests import SourceFile, stored_files
from runner import scope_output
from runner.budgets import scope_tokens
from runner.enums import FailureCode
from runner.errors import StageFailed
from runner.rowpolicies import decision
from runner.rowpolicies import verify as verify_policies
from runner.rowpolicies.decision import Decision
from runner.rowpolicies.errors import PoliciesInvalid
from runner.rowpolicies.reader import make_reader
from runner.scopefn import verify
from runner.simulation.simulator import Simulations
from runner.stages import environment, sight, tooling
from runner.stages.base import Task, carry_out
from runner.stages.context import RunContext
from runner.stages.preparing import Preparation
from runner.tools.files import FileListing, QueryAgentFiles


def run(ctx: RunContext, preparation: Preparation) -> Decision:
    """What the scope agent printed: a function, row policies or both. Raises StageFailed when that was neither."""
    files = _query_files(ctx)
    with tooling.scope_tools(ctx, files) as tools:
        task = Task(
            name="scope",
            tools=tools,
            max_tokens=scope_tokens(ctx.terms.max_tokens),
            variables=environment.scope(ctx),
            extras={
                "verify_scope": verify.answer,
                "verify_policies": lambda asked: _verified(ctx, asked),
                "query_files": files,
                "query_agent_id": ctx.terms.query.agent_id,
            },
            simulator=lambda budget, deadline: Simulations(ctx, budget=budget, deadline=deadline),
        )
        output = carry_out(ctx, preparation, task)
    try:
        return decision.of(scope_output.read(output), policies_required=ctx.terms.require_row_policies)
    except (scope_output.NoScopeFunction, PoliciesInvalid) as error:
        raise StageFailed(FailureCode.SCOPE_AGENT, f"Scope agent failed: {error}") from error


def _verified(ctx: RunContext, asked: dict[str, Any]) -> dict[str, Any]:
    """The answer to a scope agent that tries row policies out."""
    try:
        place = sight.place(ctx)
        return verify_policies.answer(
            asked, make=lambda stated: make_reader(place, stated), connect=sight.full(ctx).connect
        )
    finally:
        connections.close_all()


def _query_files(ctx: RunContext) -> QueryAgentFiles:
    """What the scope agent may see of the query agent: everything, or paths and sizes of a sealed one."""
    agent = ctx.agents[ctx.terms.query.agent_id]

    def load() -> list[SourceFile]:
        try:
            return sources.load_files(agent, ctx.source_keys[agent.id])
        finally:
            connections.close_all()

    listing = [
        FileListing(path=f.path, size_bytes=f.size_bytes, attestable=f.attestable)
        for f in agent.files.filter(stored=True).defer("sealed")
    ]
    return QueryAgentFiles(
        listing=listing,
        sealed=ctx.query_sealed,
        read=lambda: {f.path: f.text for f in stored_files(load())},
    )
