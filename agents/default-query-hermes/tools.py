"""The stage's tools, with a bound on how often data may be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hivemind_agent import Bridge, Tool, stage_tools

OVER = "[not carried out: this question may not read more often; answer with what you have]"


def bounded_tools(bridge: Bridge, *, most_reads: int) -> list[Tool]:
    """The tools of the stage; `execute_sql` gives rows at most ``most_reads`` times. Refusals do not count."""
    reads = 0

    def limited(tool: Tool) -> Tool:
        def run(arguments: Mapping[str, Any]) -> str:
            nonlocal reads
            if reads >= most_reads:
                return OVER
            result = tool.run(arguments)
            reads += not result.startswith('{"error"')
            return result

        return replace(tool, run=run)

    return [limited(tool) if tool.name == "execute_sql" else tool for tool in stage_tools(bridge)]
