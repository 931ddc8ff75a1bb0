"""Finding what a scope agent decided in whatever it printed."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SCOPE_FN = "scope_fn"
ROW_POLICIES = "row_policies"
KEYS = (SCOPE_FN, ROW_POLICIES)
OBJECT = re.compile(r'\{\s*"')
MAX_CHARS = 1024 * 1024
MAX_ATTEMPTS = 10_000
WORK_PER_CHAR = 8


class NoScopeFunction(ValueError):
    """The text holds no JSON object that decides what may be read."""


@dataclass(frozen=True)
class ScopeOutput:
    """What was decided: the source of a scope function, row policies as they were stated, or both."""

    scope_fn: str | None
    row_policies: Any = None


def read(text: str) -> ScopeOutput:
    """The last JSON object of `text` with a `scope_fn` or `row_policies`, nested objects included, null being neither.

    Row policies and a function that were printed apart are refused, because one of them would be forgotten. Raises
    NoScopeFunction. The work is bounded by the text's length, so that no text can keep a worker busy.
    """
    if len(text) > MAX_CHARS:
        raise NoScopeFunction("the output is too long to be searched")
    last: Mapping[str, Any] = {}
    stated: set[str] = set()
    for value in _objects(text):
        for found in _deciding(value):
            last = found
            stated.update(key for key in KEYS if found.get(key) is not None)
    source, policies = last.get(SCOPE_FN), last.get(ROW_POLICIES)
    if source is None and policies is None:
        raise NoScopeFunction("no JSON object with a scope_fn string was printed")
    if source is not None and not isinstance(source, str):
        raise NoScopeFunction("the scope_fn that was printed last is not a string")
    if ROW_POLICIES in stated and stated != {key for key in KEYS if last.get(key) is not None}:
        raise NoScopeFunction("scope_fn and row_policies were printed apart; print both in one JSON object")
    return ScopeOutput(source, policies)


def _objects(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    work, end = WORK_PER_CHAR * (len(text) + 1024), 0
    for attempt in range(MAX_ATTEMPTS):
        found = OBJECT.search(text, end)
        if found is None:
            return
        start = found.start()
        try:
            value, end = decoder.raw_decode(text, start)
        except (json.JSONDecodeError, RecursionError) as error:
            work -= error.pos - start if isinstance(error, json.JSONDecodeError) else 4096
            end = start + 1
        else:
            yield value
        if work < 0 or attempt == MAX_ATTEMPTS - 1:
            raise NoScopeFunction("the output is not readable as JSON")


def _deciding(value: Any) -> Iterator[Mapping[str, Any]]:
    """Objects with one of the keys, in the order of their text. What stands under the keys is not searched."""
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, dict):
            if not current.keys().isdisjoint(KEYS):
                yield current
            pending.extend(reversed([v for k, v in current.items() if k not in KEYS]))
        elif isinstance(current, list):
            pending.extend(reversed(current))
