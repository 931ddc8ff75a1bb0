"""The tools of one stage and how a call of one is answered."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol


class ToolArgumentError(Exception):
    """The arguments don't fit the tool; the text is for the agent."""


class Tool(Protocol):
    """One tool. ``call`` may run in several threads at once.

    ``parameters`` is a JSON schema of type object. ``call`` gets arguments whose names and types fit it
    and returns the text for the agent; failures of the tool's own work are part of that text.
    """

    name: str
    description: str
    parameters: ClassVar[Mapping[str, Any]]

    def call(self, arguments: Mapping[str, Any]) -> str: ...


class ToolRegistry:
    """The tools of one stage by name."""

    def __init__(self, tools: Iterable[Tool]) -> None:
        self._tools = {tool.name: tool for tool in tools}

    def list_openai(self) -> list[dict[str, Any]]:
        """Return the definitions in the form that chat completion APIs take."""
        return [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": dict(tool.parameters),
                },
            }
            for tool in self._tools.values()
        ]

    def call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, str | None]:
        """Carry a tool out and return ``{"result": str, "error": str | None}``.

        An unknown tool or arguments that don't fit are answers too. What a tool itself raises goes to
        the caller, who stands at the process' edge.
        """
        tool = self._tools.get(name)
        if tool is None:
            known = ", ".join(self._tools) or "none"
            return {"result": "", "error": f"Unknown tool '{name[:100]}'. Available tools: {known}"}
        try:
            check_arguments(tool.parameters, arguments)
            return {"result": tool.call(arguments), "error": None}
        except ToolArgumentError as error:
            return {"result": "", "error": str(error)}


_TYPES: dict[str, type] = {"string": str, "array": list, "object": dict}


def check_arguments(parameters: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
    """Check names and types against a flat object schema; null means absent. Raises ToolArgumentError."""
    properties: Mapping[str, Any] = parameters["properties"]
    for name, value in arguments.items():
        if name not in properties:
            raise ToolArgumentError(f"unexpected argument '{name[:100]}'")
        wanted = _TYPES.get(properties[name].get("type", ""))
        if wanted is not None and value is not None and not isinstance(value, wanted):
            raise ToolArgumentError(f"argument '{name}' must be of type {properties[name]['type']}")
    for name in parameters.get("required", ()):
        if arguments.get(name) is None:
            raise ToolArgumentError(f"missing argument '{name}'")
