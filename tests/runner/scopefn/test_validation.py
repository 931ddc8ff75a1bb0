"""The rules for the source of a scope function, checked in its locked process."""

import pytest

from runner.scopefn.client import ScopeFunction
from runner.scopefn.errors import ScopeFnInvalid
from runner.scopefn.validate import compile_scope
from tests.runner.scopefn.conftest import PASS_ALL

ALLOW = "return {'allow': True, 'rows': rows}"


def scope(body: str = ALLOW, *, head: str = "def scope(sql, params, rows):", before: str = "") -> str:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return f"{before}{head}\n{lines}"


@pytest.mark.parametrize(
    "source",
    [
        PASS_ALL,
        '"""What this does."""\n' + PASS_ALL,
        scope(before="def keep(row, limit=5):\n    return row['n'] < limit\n"),
        scope("return {'allow': True, 'rows': [{k: v for k, v in r.items() if k != 'ssn'} for r in rows]}"),
        scope("f = lambda r: f\"{r['a']!r:>10}\"\nreturn {'allow': True, 'rows': [{'a': f(r)} for r in rows]}"),
        scope("try:\n    x = rows[0]['a']\nfinally:\n    x = 1\n" + ALLOW),
        scope("match len(rows):\n    case 0:\n        pass\n    case int() | float():\n        pass\n" + ALLOW),
        scope("match rows:\n    case [{'a': x}, *_]:\n        pass\n" + ALLOW),
        scope("ok = sql.lower().startswith('select')\nreturn {'allow': ok, 'rows': rows}"),
        scope("return {'allow': len(rows) > 5, 'rows': rows, 'error': 'too few'}"),
        scope("_ = [row._ for row in []]\n" + ALLOW),
        scope("return {'allow': True, 'rows': [{'a': '{:.2f} {b}'.format(1.5, b=2)}]}"),
        scope("pattern = '\\d'\n" + ALLOW),
        scope(head="def scope(sql, params, rows, *extra, depth=3, **more):"),
        scope("return 5") + "\n" + PASS_ALL,
        scope("assert (n := len(rows)) >= 0\n" + ALLOW),
    ],
)
def test_honest_sources_are_accepted(source: str) -> None:
    with ScopeFunction.start(source):
        pass


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        (PASS_ALL + "#" * 10_000, "longer than"),
        ("def scope(sql, params, rows:", "syntax error on line 1"),
        ("x = 1\n" + PASS_ALL, "only function definitions"),
        ("import os\n" + PASS_ALL, "only function definitions"),
        ("class A: pass\n" + PASS_ALL, "only function definitions"),
        ("async def scope(sql, params, rows): pass", "only function definitions"),
        ("def other(sql, params, rows): pass", "top-level function"),
        (scope(head="def scope(sql, rows):"), "parameters"),
        (scope(head="def scope(rows, sql, params):"), "parameters"),
        (scope(head="def scope(sql, params, rows, /):"), "parameters"),
        (scope("import os\n" + ALLOW), "import"),
        (scope("yield 1"), "yield"),
        (scope("yield from rows"), "yield from"),
        (scope("global x\n" + ALLOW), "global"),
        (scope("x = 1\ndef f():\n    nonlocal x\n" + ALLOW), "nonlocal"),
        (scope("class A:\n    pass\n" + ALLOW), "class"),
        (scope("return eval('1')"), "calling eval"),
        (scope("return getattr(rows, 'x')"), "calling getattr"),
        (scope("return type(rows)"), "calling type"),
        (scope("open('/etc/passwd')\n" + ALLOW), "calling open"),
        (scope("return rows.__class__"), "__class__"),
        (scope("return rows._private"), "_private"),
        (scope("return (x for x in rows).gi_frame"), "gi_frame"),
        (scope("return rows.f_globals"), "f_globals"),
        (scope("x = '__class__'\n" + ALLOW), "__names__"),
        (scope("x = f'a__class__{sql}'\n" + ALLOW), "__names__"),
        (scope("return __builtins__"), "__builtins__"),
        (scope(before="def __init__():\n    pass\n"), "__init__"),
        (scope("return {'allow': False, 'rows': []}"), "always deny"),
        (scope("x = {'b': {'allow': False}}\n" + ALLOW), "always deny"),
        ("def scope(sql, params, rows):\n" + "    \x00return 1", "null bytes"),
        ("def scope(sql, params, rows):\n    return " + "(" * 400 + ")" * 400, "line 2"),
        ("def scope(sql, params, rows):\n    return " + "-" * 9_000 + "1", "scope function"),
    ],
)
def test_a_source_that_breaks_a_rule_is_refused_with_the_reason(source: str, reason: str) -> None:
    with pytest.raises(ScopeFnInvalid, match=reason):
        ScopeFunction.start(source)


def test_a_reason_names_the_line() -> None:
    with pytest.raises(ScopeFnInvalid, match=r"^line 3:"):
        compile_scope(scope("x = 1\ny = x.__class__\n" + ALLOW))
