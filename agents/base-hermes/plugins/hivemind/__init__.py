"""The plugin that gives Hermes Agent the tools of a stage, as the toolset ``hivemind``.

``HIVEMIND_AGENT_ROLE`` decides which:

- ``query``: what the bridge lists, ``upload_artifact``, ``upload_report_artifact`` unless the room takes no files;
- ``scope``: what the bridge lists, and the checks; the query agent's files and rehearsals where their flags are set;
- ``mediator``, anything else, or not set: none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

# A copy of the helper package: an agent may have a module of its own by the name `hivemind_agent`.
from .sdk import AgentError, Bridge, Tool, ToolFailed, read_input, scope_tools, stage_tools
from .sdk.toolbox import report_tools

TOOLSET = "hivemind"
TIMEOUT_SECONDS = 120.0
REHEARSAL_SECONDS = 900.0  # a rehearsal is a run of the whole query agent
# Hermes tells the model that what stands between such marks in a tool's result is an instruction of the user. Here it
# would be a row's or a file's, so the words are never passed on as they are.
USERS_WORD, QUOTED = "OUT-OF-BAND USER MESSAGE", "OUT-OF-BAND USER-MESSAGE"
FILES = ("list_query_agent_files", "read_query_agent_file")


def register(ctx: Any) -> None:
    """Register the role's tools with Hermes. Raises AgentError when the bridge does not answer; then there are none."""
    for tool in tools_of(read_input("HIVEMIND_AGENT_ROLE", "")):
        schema = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
        ctx.register_tool(tool.name, TOOLSET, schema, _handler(tool), description=tool.description)


def tools_of(role: str) -> list[Tool]:
    """The tools of `role`. Raises AgentError."""
    if role == "query":
        bridge = Bridge.from_environment(timeout_seconds=TIMEOUT_SECONDS)
        takes_files = read_input("HIVEMIND_QUERY_UPLOAD_ARTIFACTS", "").lower() != "false"
        return stage_tools(bridge) + (report_tools(bridge) if takes_files else [])
    if role == "scope":
        bridge = Bridge.from_environment(timeout_seconds=TIMEOUT_SECONDS)
        files = _is_on("HIVEMIND_SCOPE_ENABLE_AGENT_FILE_TOOLS")
        listed = [tool for tool in stage_tools(bridge) if files or tool.name not in FILES]
        patient = Bridge.from_environment(timeout_seconds=REHEARSAL_SECONDS)
        own = scope_tools(patient, rehearsal=_is_on("HIVEMIND_SCOPE_ENABLE_SIMULATION_TOOLS"))
        return [_as_hermes_takes_it(tool) for tool in listed + own]
    return []


def _as_hermes_takes_it(tool: Tool) -> Tool:
    """The tool with the arguments that agents written for Hermes know it by: lists as JSON texts, files by `path`."""
    if tool.name == "verify_scope_fn":
        return _with_text(tool, "tests", "A JSON list of tests: objects with sql, rows, and what to expect.")
    if tool.name == "simulate_multi":
        return _with_text(tool, "candidates", "A JSON list of up to three sources.")
    if tool.name == "read_query_agent_file":
        parameters = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
        return replace(tool, parameters=parameters, run=lambda said: tool.run({"file_path": said.get("path")}))
    return tool


def _with_text(tool: Tool, name: str, description: str) -> Tool:
    properties = {**tool.parameters["properties"], name: {"type": "string", "description": description}}

    def run(said: Mapping[str, Any]) -> str:
        return tool.run({**said, name: _decoded(tool.name, name, said.get(name))})

    return replace(tool, parameters={**tool.parameters, "properties": properties}, run=run)


def _decoded(tool: str, name: str, value: Any) -> list[Any]:
    """A list that may be written as JSON text. Raises ToolFailed."""
    try:
        found = json.loads(value or "[]") if isinstance(value, str) else value or []
    except (ValueError, RecursionError) as broken:
        raise ToolFailed(tool, f"{name} is no JSON") from broken
    if not isinstance(found, list):
        raise ToolFailed(tool, f"{name} is no JSON list")
    return found


def _handler(tool: Tool) -> Callable[..., str]:
    def handle(arguments: Mapping[str, Any] | None, **_known_to_hermes: Any) -> str:
        try:
            told = tool.run(arguments or {})
        except AgentError as problem:
            told = json.dumps({"error": str(problem)})
        return told.replace(USERS_WORD, QUOTED)

    return handle


def _is_on(name: str) -> bool:
    return read_input(name, "").strip().lower() in ("1", "true", "yes", "on")
