"""Reading rules that are written for people and agents alike: lines such as ``max rows: 200`` amid ordinary text."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LINE = re.compile(r"[\s>*+-]*(?:\*\*|`)?([A-Za-z][A-Za-z ]*?)(?:\*\*|`)?\s*:\s*(?:\*\*)?\s*(\S.*)")


def read_rules(text: str, names: Iterable[str]) -> dict[str, list[str]]:
    """The values of the rules called ``names`` that ``text`` states, in order; values are separated by commas.

    A rule is a line ``name: value, value``, also as a list item or in bold, in any case. A rule stated twice has the
    values of both lines. Every other line is prose and ignored.
    """
    wanted = set(names)
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        name = " ".join(match.group(1).lower().split()) if match else ""
        if match and name in wanted:
            values = (value.strip().strip("`'\"*").rstrip(".").strip() for value in match.group(2).split(","))
            found.setdefault(name, []).extend(value for value in values if value)
    return found
