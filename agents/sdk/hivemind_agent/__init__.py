"""In-container helper for Hivemind agents. Standard library only, Python 3.9 or newer.

    from hivemind_agent import Bridge, read_input

    bridge = Bridge.from_environment()
    rows = bridge.execute_sql("SELECT category, count(*) AS n FROM watch_history GROUP BY category")
    print(f"{read_input('QUERY_PROMPT', '')}: {rows}")

An agent's answer is everything it prints to standard output; it counts when the agent exits with 0.
"""

from ._bridge import Bridge, Row, Rows
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
from .rules import read_rules

__all__ = [
    "AgentError",
    "Bridge",
    "BridgeRefused",
    "BridgeUnreachable",
    "BudgetExhausted",
    "Denied",
    "InputMissing",
    "Row",
    "Rows",
    "ToolFailed",
    "read_input",
    "read_rules",
]
