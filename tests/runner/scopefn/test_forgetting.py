"""Nothing of one call is there for the next."""

import json

import pytest

HEAD = "def scope(sql, params, rows):\n"

BODIES = {
    "a default that is a list": (
        "def keep(row, seen=[]):\n    seen.append(row)\n    return len(seen)\n\n"
        "def scope(sql, params, rows):\n    return {'allow': True, 'rows': [{'n': keep(r)} for r in rows]}"
    ),
    "an attribute of a function": (
        "def count():\n    return 0\n\n"
        "def scope(sql, params, rows):\n"
        "    match count:\n        case _:\n            n = len(keep) if sql == 'x' else 1\n"
        "    count.n = n\n    return {'allow': True, 'rows': [{'n': n}]}"
    ),
    "a default of the entry": (
        "def scope(sql, params, rows, *, memory={}):\n    memory[len(memory)] = rows\n"
        "    return {'allow': True, 'rows': [{'n': len(memory)}]}"
    ),
}


@pytest.mark.parametrize("source", BODIES.values(), ids=BODIES.keys())
def test_every_call_starts_afresh(start, source: str) -> None:
    function = start(source)
    for _ in range(3):
        answer = function.apply(sql="", params=[], columns=["a"], rows=[("secret",)])
        assert json.loads(answer.json_text) == [{"n": 1}]


def test_the_rows_of_the_caller_are_not_changed(start) -> None:
    source = HEAD + "    rows.clear()\n    params.append(1)\n    return {'allow': True, 'rows': rows}"
    rows, params = [(1,)], ["x"]
    start(source).apply(sql="", params=params, columns=["a"], rows=rows)
    assert (rows, params) == ([(1,)], ["x"])
