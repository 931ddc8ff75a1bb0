"""The page of the settings, from their declarations."""

from collections.abc import Iterator
from dataclasses import Field, fields
from typing import Any

from hivemind.reference.meanings import MEANINGS
from hivemind.settings.env import GROUPS
from hivemind.settings.schema import PREFIX

HEAD = """# Settings

Environment variables, or lines of `.env` in the checkout. A variable that begins with `HIVEMIND_` and is neither listed
here nor one of the client's stops the start, with the nearest known name; so does a value of the wrong kind.

A setting marked *secret* can come from a file instead: `HIVEMIND_ADMIN_KEY_FILE=/run/secrets/admin-key`.
"""


def page() -> str:
    """The whole page as Markdown."""
    return "\n".join([HEAD, *(_group(group) for group in GROUPS.values())])


def _group(group: type[Any]) -> str:
    rows = "\n".join(_row(declared) for declared in fields(group))
    head = "| variable | kind | default | meaning |\n| --- | --- | --- | --- |"
    return f"## {group.__name__}\n\n{group.__doc__}\n\n{head}\n{rows}\n"


def _row(declared: "Field[Any]") -> str:
    name = declared.metadata["name"]
    return f"| `{PREFIX}{name}` | {', '.join(_kind(declared))} | {_default(declared)} | {MEANINGS[name]} |"


def _kind(declared: "Field[Any]") -> Iterator[str]:
    names = {bool: "true or false", int: "whole number", float: "number", str: "text"}
    yield "*secret*" if declared.metadata["secret"] else names[declared.type]  # type: ignore[index]
    if declared.metadata["minimum"] is not None:
        yield f"at least {declared.metadata['minimum']}"
    if declared.metadata["rate"]:
        yield "such as `5/hour`"
    if declared.metadata["choices"]:
        yield "one of " + ", ".join(f"`{choice}`" for choice in declared.metadata["choices"] if choice)


def _default(declared: "Field[Any]") -> str:
    if isinstance(declared.default, bool):
        return f"`{str(declared.default).lower()}`"
    return f"`{declared.default}`" if declared.default != "" else "empty"
