"""What can go wrong between an agent and its bridge, as types.

Every error carries its facts as attributes, so that an agent decides by type and never by reading text.
"""

from __future__ import annotations


class AgentError(Exception):
    """Root of everything this package raises."""


class InputMissing(AgentError):
    """A required input was neither in the environment nor in a file."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The input {name} was not given to this agent.")
        self.name = name


class BridgeUnreachable(AgentError):
    """The bridge did not answer, or its answer could not be read."""


class BridgeRefused(AgentError):
    """The bridge answered with an HTTP error. ``status`` is the code, ``detail`` its explanation."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"The bridge answered {status}: {detail}")
        self.status = status
        self.detail = detail


class BudgetExhausted(BridgeRefused):
    """The calls or tokens of this stage are used up. Asking again does not help."""


class ToolFailed(AgentError):
    """The bridge could not run the tool: an unknown name, or arguments that do not fit."""

    def __init__(self, tool: str, reason: str) -> None:
        super().__init__(f"{tool}: {reason}")
        self.tool = tool
        self.reason = reason


class Denied(ToolFailed):
    """The tool ran and said no: the room's rules refused it, or the database rejected the SQL."""
