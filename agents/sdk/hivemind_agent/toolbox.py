"""Tools as things that can be offered to a model and carried out: a definition and a function.

``stage_tools`` are those that the bridge lists. A scope agent has further ones, which the bridge offers under addresses
of their own: ``verify_scope_fn``, ``verify_row_policies``, ``simulate_query`` and ``simulate_multi``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ._bridge import Bridge
from .errors import ToolFailed
from .inputs import read_input

TEST = {
    "type": "object",
    "properties": {
        "label": {"type": "string"},
        "sql": {"type": "string"},
        "params": {"type": "array", "items": {}},
        "rows": {"type": "array", "items": {"type": "object"}},
        "expect_allow": {"type": "boolean"},
        "expect_min_rows": {"type": "integer"},
        "expect_rows": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["sql", "rows"],
}


@dataclass(frozen=True)
class Tool:
    """One tool. ``run`` takes the arguments and returns a text; it raises what the bridge raises."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    run: Callable[[Mapping[str, Any]], str]

    @property
    def definition(self) -> dict[str, Any]:
        """The shape that a model's ``tools`` parameter takes."""
        function = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": function}


def stage_tools(bridge: Bridge) -> list[Tool]:
    """The tools that the bridge lists for this stage."""
    return [_from_bridge(bridge, definition["function"]) for definition in bridge.tool_definitions()]


def scope_tools(bridge: Bridge, *, rehearsal: bool = True) -> list[Tool]:
    """The tools that only a scope agent has. ``rehearsal`` False leaves out those that run the query agent."""
    agent_id, prompt = read_input("QUERY_AGENT_ID", ""), read_input("QUERY_PROMPT", "")
    tools = [
        Tool(
            "verify_scope_fn",
            "Compile a scope function where it will run, and try it on tests. Tells what failed and why.",
            _object({"source": {"type": "string"}, "tests": {"type": "array", "items": TEST}}, ["source"]),
            lambda said: _json(bridge.verify_scope_fn(_text(said, "source"), _list(said, "tests"))),
        ),
        Tool(
            "verify_row_policies",
            "Put row policies in force for a moment on the room's own tables, and see what would be visible.",
            _object({"row_policies": {"type": "object"}}, ["row_policies"]),
            lambda said: _json(bridge.verify_row_policies(_mapping(said, "row_policies") or {})),
        ),
    ]
    if not (rehearsal and agent_id):
        return tools
    return [
        *tools,
        Tool(
            "simulate_query",
            "Run the real query agent once under a scope function and see what it would answer. Costs your budget.",
            _object(
                {
                    "scope_fn_source": {"type": "string"},
                    "row_policies": {"type": "object"},
                    "prompt": {"type": "string"},
                },
                ["scope_fn_source"],
            ),
            lambda said: (
                bridge.simulate(
                    agent_id,
                    str(said.get("prompt") or prompt),
                    _text(said, "scope_fn_source"),
                    row_policies=_mapping(said, "row_policies"),
                ).output
            ),
        ),
        Tool(
            "simulate_multi",
            "Run the real query agent under up to three scope functions at once and compare. Costs your budget.",
            _object(
                {"candidates": {"type": "array", "items": {"type": "string"}}, "prompt": {"type": "string"}},
                ["candidates"],
            ),
            lambda said: _json(
                [
                    {"idx": place, "output": one.output, "error": one.error or None}
                    for place, one in enumerate(
                        bridge.simulate_batch(
                            agent_id, str(said.get("prompt") or prompt), [str(c) for c in _list(said, "candidates")]
                        )
                    )
                ]
            ),
        ),
    ]


def report_tools(bridge: Bridge) -> list[Tool]:
    """What a query agent may leave beside its answer, where the room takes artifacts from it."""
    return [
        Tool(
            "upload_report_artifact",
            "Keep a report in Markdown, and as PDF, beside the answer.",
            _object({"markdown": {"type": "string"}, "filename": {"type": "string"}}, ["markdown"]),
            lambda said: _json(
                bridge.upload_report(_text(said, "markdown"), filename=str(said.get("filename") or "report"))
            ),
        ),
        Tool(
            "upload_artifact",
            "Keep a text file beside the answer.",
            _object({"filename": {"type": "string"}, "text": {"type": "string"}}, ["filename", "text"]),
            lambda said: _json(
                bridge.upload_artifact(
                    _text(said, "filename"), _text(said, "text").encode("utf-8", "replace"), content_type="text/plain"
                )
            ),
        ),
    ]


def only(tools: Iterable[Tool], names: Iterable[str]) -> list[Tool]:
    """Those of ``tools`` that have one of ``names``."""
    wanted = set(names)
    return [tool for tool in tools if tool.name in wanted]


def _from_bridge(bridge: Bridge, function: Mapping[str, Any]) -> Tool:
    name = str(function["name"])
    parameters = function.get("parameters") or _object({}, [])
    return Tool(name, str(function.get("description") or ""), parameters, lambda said: bridge.call_tool(name, said))


def _object(properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": required}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str):
        raise ToolFailed(name, "this argument has to be a text")
    return value


def _mapping(said: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    value = said.get(name)
    if value is not None and not isinstance(value, dict):
        raise ToolFailed(name, "this argument has to be an object")
    return value


def _list(said: Mapping[str, Any], name: str) -> list[Any]:
    value = said.get(name) or []
    if not isinstance(value, list):
        raise ToolFailed(name, "this argument has to be a list")
    return value
