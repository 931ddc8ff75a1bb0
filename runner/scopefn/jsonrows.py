"""Result rows as the JSON text that an agent reads.

Meaning before prettiness: decimals stay exact as strings, moments are ISO 8601, bytes are base64, numbers
that JSON can't hold (NaN, Infinity) are strings, and a result that is too long says so instead of ending
early.
"""

import base64
import datetime
import decimal
import json
import math
import uuid
from collections.abc import Callable, Sequence
from typing import Any

CUT_NOTE = "The result had more rows than one call may read; only the first rows were read."
SHRUNK_NOTE = "The result was too long for one answer; only the first rows are shown."


def _base64(value: bytes | bytearray | memoryview) -> str:
    return base64.b64encode(value).decode()


def _isoformat(value: datetime.date | datetime.time) -> str:
    return value.isoformat()


_WRITERS: dict[type, Callable[[Any], object]] = {
    decimal.Decimal: str,
    datetime.datetime: _isoformat,
    datetime.date: _isoformat,
    datetime.time: _isoformat,
    uuid.UUID: str,
    bytes: _base64,
    bytearray: _base64,
    memoryview: _base64,
    set: list,
    frozenset: list,
}


def _default(value: object) -> object:
    return _WRITERS.get(type(value), str)(value)


_BATCH_ROWS = 100
_BETWEEN = ", "
_fast = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_default)


def _finite(value: object) -> object:
    """Copy a value with every number that JSON can't hold replaced by its name."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if isinstance(value, dict):
        return {_finite(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_finite(item) for item in value]
    return value


def _encode(value: object) -> str:
    try:
        return _fast.encode(value)
    except ValueError:  # a NaN or an Infinity somewhere, which is rare enough for a second pass
        return _fast.encode(_finite(value))


def rows_to_json(rows: Sequence[object], *, limit_chars: int, cut: bool = False) -> tuple[str, bool]:
    """Write rows as JSON of at most ``limit_chars`` characters, not counting the envelope of a cut result.

    Returns the text and whether it is truncated. Normal is an array of rows. When not all of them fit,
    or ``cut`` says that not all were read, it is an object that says so, with the rows that fit
    (perhaps none). Raises ValueError, TypeError or RecursionError for values that JSON can't hold.
    """
    parts, count = _fitting(rows, limit_chars - len("[]"))
    array = f"[{_BETWEEN.join(parts)}]"
    if count == len(rows) and not cut:
        return array, False
    facts = {
        "truncated": True,
        "original_row_count": len(rows),
        "returned_row_count": count,
        "note": CUT_NOTE if cut and count == len(rows) else SHRUNK_NOTE,
    }
    return f'{{"rows": {array}, {_encode(facts)[1:]}', True


def _fitting(rows: Sequence[object], room: int) -> tuple[list[str], int]:
    """Write as many rows as there is room for: in batches, and one by one where a batch is too long."""
    parts: list[str] = []
    at = 0
    while at < len(rows):
        batch = rows[at : at + _BATCH_ROWS]
        text = _encode(batch)[1:-1]
        if len(text) > room:
            break
        parts.append(text)
        room -= len(text) + len(_BETWEEN)
        at += len(batch)
    for row in rows[at : at + _BATCH_ROWS]:
        text = _encode(row)
        if len(text) > room:
            break
        parts.append(text)
        room -= len(text) + len(_BETWEEN)
        at += 1
    return parts, at


def distinct_names(names: Sequence[str]) -> list[str]:
    """Keep columns of one name apart: the second ``a`` becomes ``a_2``, or the next number that is free."""
    taken = set(names)
    seen: set[str] = set()
    result = []
    for name in names:
        free = name
        number = 2
        while free in seen or (free != name and free in taken):
            free = f"{name}_{number}"
            number += 1
        seen.add(free)
        result.append(free)
    return result
