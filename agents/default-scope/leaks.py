"""Finding data in a function's source.

The query agent is given the source of the filter. A scope agent reads everything, so a value that it copies into the
source has left the room past every filter. What the owner's rules, the question or the schema say themselves may be
in it.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
SHORTEST_VALUE = 4
SHORTEST_JOINED = 6
SHORTEST_EXCERPT = 12
LEAST_NUMBER = 10_000
MOST_NUMBERS = 60


class Seen:
    """The values that this agent has read. ``known`` are texts whose words may be repeated."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = "\n".join(known).lower()
        self._texts: set[str] = set()
        self._numbers: set[float] = set()
        self._blob: list[str] = []

    def add(self, result: str) -> None:
        """Remember a tool's result. A refusal is no data."""
        if result.startswith('{"error"'):
            return
        try:
            value = json.loads(result)
        except (ValueError, RecursionError):
            value = result
        for leaf in _leaves(value):
            if isinstance(leaf, str):
                text = leaf.strip().lower()
                self._texts.add(text)
                self._blob.append(text)
            else:
                self._numbers.add(float(leaf))

    def leak_in(self, source: str) -> str:
        """Why the source gives data away, or nothing. Raises SyntaxError."""
        return self._leak(*_constants(source))

    def leak_in_policies(self, policies: Any) -> str:
        """Why row policies give data away, or nothing; texts inside of their conditions are looked at on their own."""
        leaves = list(_leaves(policies))
        texts = [leaf.strip().lower() for leaf in leaves if isinstance(leaf, str)]
        inside = [found.strip().lower() for text in texts for found in _QUOTED.findall(text)]
        numbers = [float(leaf) for leaf in leaves if not isinstance(leaf, str)]
        numbers += [float(found) for text in texts for found in _DIGITS.findall(text)]
        return self._leak([*inside, *texts], numbers)

    def _leak(self, texts: list[str], numbers: list[float]) -> str:
        for text in texts:
            if self._is_new(text) and (text in self._texts or self._is_excerpt(text)):
                return f"the source contains {text[:40]!r}, which comes from the data"
        joined = "".join(texts)
        for value in self._texts:
            if len(value) >= SHORTEST_JOINED and value in joined and value not in self._known:
                return f"the source spells out {value[:40]!r}, which comes from the data"
        if len(numbers) > MOST_NUMBERS:
            return "the source contains a table of numbers"
        for number in numbers:
            if abs(number) >= LEAST_NUMBER and number in self._numbers and f"{number:g}" not in self._known:
                return f"the source contains the number {number:g}, which comes from the data"
        return ""

    def _is_new(self, text: str) -> bool:
        return len(text) >= SHORTEST_VALUE and text not in self._known

    def _is_excerpt(self, text: str) -> bool:
        return len(text) >= SHORTEST_EXCERPT and any(text in seen for seen in self._blob)


def stripped(source: str) -> str:
    """The source without comments and docstrings, where data could hide. Raises SyntaxError, ValueError."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef)):
            kept = [part for part in node.body if not _is_text_statement(part)]
            node.body = kept or ([] if isinstance(node, ast.Module) else [ast.Pass()])
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _is_text_statement(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _constants(source: str) -> tuple[list[str], list[float]]:
    texts: list[str] = []
    numbers: list[float] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.append(node.value.strip().lower())
        elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            numbers.append(float(node.value))
        for name in ("id", "arg", "attr", "name"):
            if isinstance(getattr(node, name, None), str):
                texts.append(getattr(node, name).lower())
    return texts, numbers


def _leaves(value: Any) -> Iterator[str | float]:
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, dict):
            pending.extend(current.values())
        elif isinstance(current, list):
            pending.extend(current)
        elif isinstance(current, (str, int, float)) and not isinstance(current, bool):
            yield current
