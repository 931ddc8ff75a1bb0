"""Finding the scope function in whatever a scope agent printed."""

import json
import re
from collections.abc import Iterator
from typing import Any

KEY = "scope_fn"
OBJECT = re.compile(r'\{\s*"')
MAX_CHARS = 1024 * 1024
MAX_ATTEMPTS = 10_000
WORK_PER_CHAR = 8


class NoScopeFunction(ValueError):
    """The text holds no JSON object with a `scope_fn` string."""


def extract(text: str) -> str:
    """The value of `scope_fn` in the last JSON object of `text` that has it, nested objects included.

    Raises NoScopeFunction. The work is bounded by the text's length, so that no text can keep a worker busy.
    """
    if len(text) > MAX_CHARS:
        raise NoScopeFunction("the output is too long to be searched")
    last: Any = None
    for value in _objects(text):
        for found in _values(value):
            last = found
    if not isinstance(last, str):
        raise NoScopeFunction("no JSON object with a scope_fn string was printed")
    return last


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


def _values(value: Any) -> Iterator[Any]:
    pending = [value]
    while pending:
        current = pending.pop()
        if isinstance(current, dict):
            if KEY in current:
                yield current[KEY]
            pending.extend(reversed([v for k, v in current.items() if k != KEY]))
        elif isinstance(current, list):
            pending.extend(reversed(current))
