"""In place of a compiled package, which the clients want for tool calls that are read while they come: none is here."""

from json import loads as from_json

__all__ = ["from_json"]
