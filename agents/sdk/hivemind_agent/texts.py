"""Texts that a model wrote or will read: cutting them, cleaning them, and finding JSON or code in them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

LARGEST_SEARCHED = 400_000
MOST_ATTEMPTS = 400
_OBJECT = re.compile(r'\{\s*(?:"|\})')
_FENCE = re.compile(r"^[ \t]*```[\w+-]*[ \t]*\n(.*?)^[ \t]*```", re.DOTALL | re.MULTILINE)
_DEF = re.compile(r"^def \w+\(", re.MULTILINE)


def clipped(text: str, most_chars: int) -> str:
    """``text``, or its beginning and a sentence that says how much is missing."""
    if len(text) <= most_chars:
        return text
    note = f"\n[cut: {len(text) - most_chars} more characters]"
    return text[: max(most_chars - len(note), 0)] + note


def visible(text: str) -> str:
    """``text`` without characters that show nothing and could carry a message past a reader's eyes."""
    kept = (char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co"))
    return "".join(kept)


def json_objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in ``text``, first to last, each inner one right after the one that holds it.

    The work is bounded, so that no text can keep an agent busy: what lies beyond the bound is not found.
    """
    text = text[:LARGEST_SEARCHED]
    decoder = json.JSONDecoder()
    place = 0
    for _ in range(MOST_ATTEMPTS):
        found = _OBJECT.search(text, place)
        if found is None:
            return
        try:
            value, place = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            place = found.start() + 1
        else:
            yield from _with_inner(value)


def last_object_with(text: str, *keys: str) -> dict[str, Any] | None:
    """The last JSON object in ``text`` that has one of ``keys``, None when there is none."""
    last = None
    for value in json_objects(text):
        if not value.keys().isdisjoint(keys):
            last = value
    return last


def find_function(text: str, name: str) -> str | None:
    """Python source that defines ``name`` at its top level: from a fenced block, else from its first ``def`` on."""
    text = text[:LARGEST_SEARCHED]
    wanted = f"def {name}("
    for block in reversed(_FENCE.findall(text)):
        if wanted in block:
            return str(block).strip() + "\n"
    start = _DEF.search(text)
    if start is None or wanted not in text[start.start() :]:
        return None
    kept: list[str] = []
    for line in text[start.start() :].splitlines():
        if line[:1] not in ("", " ", "\t", "#", ")") and not line.startswith(("def ", "```")):
            break
        if line.startswith("```"):
            break
        kept.append(line)
    return "\n".join(kept).rstrip() + "\n"


def _with_inner(value: Any) -> Iterator[dict[str, Any]]:
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, dict):
            yield current
            pending.extend(reversed(list(current.values())))
        elif isinstance(current, list):
            pending.extend(reversed(current))
