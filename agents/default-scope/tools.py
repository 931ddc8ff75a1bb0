"""The tools that the model gets for writing the function: more in the modes that take more care."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hivemind_agent import Bridge, Tool, read_input, scope_tools, stage_tools
from leaks import Seen

FILES = ("list_query_agent_files", "read_query_agent_file")
# Their results are the model's own words or the tables' shape, not data.
NO_DATA = ("get_schema", "verify_scope_fn", "verify_row_policies", *FILES)


def tools_for(bridge: Bridge, seen: Seen) -> list[Tool]:
    """The stage's tools and the checker; files and rehearsals where the room's mode says so. ``seen`` notes data."""
    files, rehearsal = is_on("HIVEMIND_SCOPE_ENABLE_AGENT_FILE_TOOLS"), is_on("HIVEMIND_SCOPE_ENABLE_SIMULATION_TOOLS")
    rehearsal = rehearsal and not is_on("HIVEMIND_DISABLE_SIMULATE")
    tools = [tool for tool in stage_tools(bridge) if files or tool.name not in FILES]
    return [_noting(tool, seen) for tool in [*tools, *scope_tools(bridge, rehearsal=rehearsal)]]


def is_on(name: str) -> bool:
    """Whether a switch is set."""
    return read_input(name, "").strip().lower() in ("1", "true", "yes", "on")


def _noting(tool: Tool, seen: Seen) -> Tool:
    if tool.name in NO_DATA:
        return tool

    def run(arguments: Mapping[str, Any]) -> str:
        result = tool.run(arguments)
        seen.add(result)
        return result

    return replace(tool, run=run)
