"""Which tools each stage gets, bound to this run's room and nothing else."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from runner.stages import sight
from runner.stages.context import RunContext
from runner.stages.sight import Sight
from runner.tools.files import ListFilesTool, QueryAgentFiles, ReadFileTool
from runner.tools.registry import Tool, ToolRegistry
from runner.tools.schema import SchemaTool
from runner.tools.sql import SqlTool
from runner.tools.tally import GuardTally
from runner.tools.vault import VaultTool


@dataclass(frozen=True)
class StageTools:
    """The tools of one stage, and how to make running calls end early."""

    registry: ToolRegistry
    interrupt: Callable[[], None]


NO_TOOLS = StageTools(ToolRegistry([]), lambda: None)


@contextmanager
def scope_tools(ctx: RunContext, files: QueryAgentFiles) -> Iterator[StageTools]:
    """Full read of the room's tables and vault, and the query agent's files."""
    with _reading_tools(ctx, sight.full(ctx), [ListFilesTool(files), ReadFileTool(files)]) as tools:
        yield tools


@contextmanager
def query_tools(ctx: RunContext, seen: Sight) -> Iterator[StageTools]:
    """Reads of what the scope stage decided to show."""
    with _reading_tools(ctx, seen, []) as tools:
        yield tools


@contextmanager
def rehearsal_tools(ctx: RunContext, seen: Sight) -> Iterator[StageTools]:
    """Those of the query stage, for a simulation of it; what it was refused is no refusal of the run."""
    with _reading_tools(ctx, seen, [], counted=False) as tools:
        yield tools


@contextmanager
def _reading_tools(ctx: RunContext, seen: Sight, more: Sequence[Tool], *, counted: bool = True) -> Iterator[StageTools]:
    verdicts = GuardTally()
    sql = SqlTool(
        seen.connect,
        allowed_tables=seen.tables,
        view=seen.view,
        verdicts=verdicts,
        schema=seen.schema,
    )
    tools: list[Tool] = [sql, SchemaTool(seen.schema_rows, allowed_tables=seen.tables)]
    if ctx.vault:
        tools.append(VaultTool(ctx.vault, view=seen.vault_view, verdicts=verdicts))
    try:
        yield StageTools(ToolRegistry([*tools, *more]), sql.interrupt)
    finally:
        sql.close()
        if counted:
            ctx.count_verdicts(verdicts.as_dict())
