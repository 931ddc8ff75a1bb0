"""Which tools each stage gets, bound to this run's room and nothing else."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from runner.scopefn.answers import View
from runner.scopefn.fullread import FullRead
from runner.stages.context import RunContext
from runner.tools.files import ListFilesTool, QueryAgentFiles, ReadFileTool
from runner.tools.registry import Tool, ToolRegistry
from runner.tools.schema import SchemaTool
from runner.tools.sql import SqlTool
from runner.tools.tally import GuardTally
from runner.tools.vault import VaultTool
from tenants.databases import session


@dataclass(frozen=True)
class StageTools:
    """The tools of one stage, and how to make running calls end early."""

    registry: ToolRegistry
    interrupt: Callable[[], None]


NO_TOOLS = StageTools(ToolRegistry([]), lambda: None)


@contextmanager
def scope_tools(ctx: RunContext, files: QueryAgentFiles) -> Iterator[StageTools]:
    """Full read of the room's tables and vault, and the query agent's files."""
    with _reading_tools(ctx, FullRead(), [ListFilesTool(files), ReadFileTool(files)]) as tools:
        yield tools


@contextmanager
def query_tools(ctx: RunContext, view: View) -> Iterator[StageTools]:
    """Reads that pass through the scope function."""
    with _reading_tools(ctx, view, []) as tools:
        yield tools


@contextmanager
def rehearsal_tools(ctx: RunContext, view: View) -> Iterator[StageTools]:
    """Those of the query stage, for a simulation of it; what it was refused is no refusal of the run."""
    with _reading_tools(ctx, view, [], counted=False) as tools:
        yield tools


@contextmanager
def _reading_tools(ctx: RunContext, view: View, more: Sequence[Tool], *, counted: bool = True) -> Iterator[StageTools]:
    verdicts = GuardTally()
    sql = SqlTool(
        session.room_connection_factory(ctx.run.tenant, ctx.room.id),
        allowed_tables=ctx.tables,
        view=view,
        verdicts=verdicts,
    )
    tools: list[Tool] = [
        sql,
        SchemaTool(lambda: session.schema_rows(ctx.run.tenant), allowed_tables=ctx.tables),
    ]
    if ctx.vault:
        tools.append(VaultTool(ctx.vault, view=view, verdicts=verdicts))
    try:
        yield StageTools(ToolRegistry([*tools, *more]), sql.interrupt)
    finally:
        sql.close()
        if counted:
            ctx.count_verdicts(verdicts.as_dict())
