"""Tool definitions rebuilt from what an agent sent.

Only functions that the agent itself carries out: a provider's own tools (search, browsing, code) would
reach out of the room.
"""

from __future__ import annotations

from typing import Any

from runner.llm.problems import Fields, Location, as_object, invalid

ToolChoice = str | dict[str, Any]
CHOICES = frozenset({"auto", "none", "required"})


def rebuild_tools(items: list[Any]) -> list[dict[str, Any]]:
    """The definitions as they go upstream. Raises `RequestInvalid` for anything but a function."""
    return [_tool(item, ("body", "tools", index)) for index, item in enumerate(items)]


def rebuild_tool_choice(value: object) -> ToolChoice | None:
    """`auto`, `none`, `required` or one named function. Raises `RequestInvalid`."""
    if value is None or (isinstance(value, str) and value in CHOICES):
        return value
    loc: Location = ("body", "tool_choice")
    if not isinstance(value, dict) or value.get("type") != "function":
        raise invalid("literal_error", loc, "Input should be auto, none, required or a function")
    function = Fields(Fields(value, loc=loc).mapping("function") or {}, loc=(*loc, "function"))
    return {"type": "function", "function": {"name": function.required_text("name")}}


def _tool(item: object, loc: Location) -> dict[str, Any]:
    fields = Fields(as_object(item, loc=loc), loc=loc)
    if fields.text("type", "function") != "function":
        raise invalid("literal_error", fields.at("type"), "Only function tools can be used")
    source = Fields(fields.mapping("function") or {}, loc=fields.at("function"))
    function: dict[str, Any] = {"name": source.required_text("name")}
    if (description := source.text("description")) is not None:
        function["description"] = description
    if (parameters := source.mapping("parameters")) is not None:
        function["parameters"] = parameters
    if (strict := source.flag("strict")) is not None:
        function["strict"] = strict
    return {"type": "function", "function": function}
