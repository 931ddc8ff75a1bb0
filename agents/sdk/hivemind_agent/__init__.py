"""In-container helper for Hivemind agents. Standard library only, Python 3.9 or newer.

    from hivemind_agent import Bridge, read_input

    bridge = Bridge.from_environment()
    rows = bridge.execute_sql("SELECT category, count(*) AS n FROM watch_history GROUP BY category")
    print(f"{read_input('QUERY_PROMPT', '')}: {rows}")

An agent's answer is everything it prints to standard output; it counts when the agent exits with 0.
``ToolLoop`` lets the room's model work with the stage's tools; ``python3 -m hivemind_agent.mcp`` offers them to any
program that speaks the Model Context Protocol.
"""

from ._bridge import Bridge
from .data import Row, Rows
from .errors import (
    AgentError,
    BridgeRefused,
    BridgeUnreachable,
    BudgetExhausted,
    Denied,
    InputMissing,
    ToolFailed,
)
from .inputs import read_input
from .loop import Limits, Outcome, ToolLoop
from .models import Budget, Completion, ToolCall
from .rules import read_rules
from .scoping import Rehearsal
from .toolbox import Tool, only, scope_tools, stage_tools

__all__ = [
    "AgentError",
    "Bridge",
    "BridgeRefused",
    "BridgeUnreachable",
    "Budget",
    "BudgetExhausted",
    "Completion",
    "Denied",
    "InputMissing",
    "Limits",
    "Outcome",
    "Rehearsal",
    "Row",
    "Rows",
    "Tool",
    "ToolCall",
    "ToolFailed",
    "ToolLoop",
    "only",
    "read_input",
    "read_rules",
    "scope_tools",
    "stage_tools",
]
