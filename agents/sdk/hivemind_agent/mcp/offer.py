"""What one stage offers over MCP, and carrying it out."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from hivemind_agent._bridge import Bridge
from hivemind_agent.errors import AgentError, ToolFailed
from hivemind_agent.inputs import read_input
from hivemind_agent.toolbox import Tool, report_tools, scope_tools, stage_tools

MakeTools = Callable[[], "dict[str, Tool]"]


class UnknownTool(Exception):
    """The stage has no tool of this name."""


class Offer:
    """The tools of a stage. ``make`` builds them with a connection of their own, once for each thread."""

    def __init__(self, make: MakeTools) -> None:
        self._make = make
        self._mine = threading.local()
        self._listed = [
            {"name": tool.name, "description": tool.description, "inputSchema": dict(tool.parameters)}
            for tool in self._tools().values()
        ]

    def listed(self) -> list[dict[str, Any]]:
        """The tools as ``tools/list`` answers them."""
        return self._listed

    def call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of ``tools/call``; a failure of the tool is part of it. Raises UnknownTool."""
        tool = self._tools().get(name)
        if tool is None:
            raise UnknownTool(name)
        try:
            text = tool.run(arguments)
        except ToolFailed as problem:
            return _answer(problem.reason, failed=True)
        except AgentError as problem:
            return _answer(str(problem), failed=True)
        return _answer(text, failed=_is_refusal(text))

    def _tools(self) -> dict[str, Tool]:
        if not hasattr(self._mine, "tools"):
            self._mine.tools = self._make()
        return dict(self._mine.tools)


def from_environment() -> Offer:
    """The tools that the bridge lists, and those that its role adds. Raises AgentError when it does not answer."""
    role = read_input("AGENT_ROLE", "")
    uploads = read_input("HIVEMIND_QUERY_UPLOAD_ARTIFACTS", "").lower() == "true"

    def make() -> dict[str, Tool]:
        bridge = Bridge.from_environment(timeout_seconds=900.0)
        tools = stage_tools(bridge)
        if role == "scope":
            tools += scope_tools(bridge)
        if role == "query" and uploads:
            tools += report_tools(bridge)
        return {tool.name: tool for tool in tools}

    return Offer(make)


def _answer(text: str, *, failed: bool) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "isError": failed}


def _is_refusal(text: str) -> bool:
    """Whether a tool's text is ``{"error": ...}``, which is how the bridge says no."""
    if not text.startswith('{"error"'):
        return False
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict) and set(value) == {"error"}
