"""Ways out of the language: each is refused before it runs, and none runs on the trusted side."""

import time

import pytest

from runner.scopefn.client import ScopeFunction
from runner.scopefn.errors import ScopeFnInvalid
from tests.runner.scopefn.conftest import QUICK

HEAD = "def scope(sql, params, rows):\n    "

ESCAPES = {
    "a class pattern captures an attribute": "match sql:\n        case str(__class__=kind):\n            return kind",
    "a class pattern walks the subclasses": (
        "match str:\n        case object(__subclasses__=walk):\n            return walk()"
    ),
    "a nested class pattern": "match [sql]:\n        case [str(_x=y)]:\n            return y",
    "a class pattern takes format": "match '':\n        case str(format=f):\n            return f(sql)",
    "the method resolution order": "return str.mro()[1]",
    "format with a template in pieces": "return ('{0._' + '_class_' + '_}').format(sql)",
    "format on a variable": "t = '{0.real}'\n    return t.format(1)",
    "format unbound": "return str.format('{0.real}', 1)",
    "format as a key": "return max(['{0.real}'], key=str.format)",
    "format with a map": "return '{a.real}'.format_map({'a': 1})",
    "format with a field in a field": "return '{0:{1.real}}'.format(1, 2)",
    "format with an item": "return '{0[a]}'.format(rows)",
    "format through a bound method": "f = '{0.real}'.format\n    return f(1)",
    "letters that Python folds": "return sql.__ｃlass__",  # noqa: RUF001
    "an attribute in a lambda": "return (lambda: sql.__class__)()",
    "an attribute in a format string": "return f'{sql.__class__}'",
    "an attribute in a format specification": "return f'{1:{sql.__class__}}'",
    "an attribute that is assigned": "sql.__class__ = 1",
    "a frame of a generator": "return (r for r in rows).gi_frame.f_builtins",
    "a traceback": "return sql.tb_frame",
    "the code of a function": "return scope.co_consts",
    "the builtins by name": "return __builtins__['__import__']",
}


@pytest.mark.parametrize("body", ESCAPES.values(), ids=ESCAPES.keys())
def test_an_escape_is_refused(body: str) -> None:
    with pytest.raises(ScopeFnInvalid, match=r"not allowed|plain fields|allowed only"):
        ScopeFunction.start(HEAD + body + "\n")


@pytest.mark.parametrize(
    "source",
    [
        "def scope(sql, params, rows, *, x=''.__class__):\n    return x\n",
        "def scope(sql: ''.__class__, params, rows):\n    return 1\n",
        "@''.__class__\ndef scope(sql, params, rows):\n    return 1\n",
    ],
)
def test_an_escape_around_the_signature_is_refused(source: str) -> None:
    with pytest.raises(ScopeFnInvalid, match="__class__"):
        ScopeFunction.start(source)


@pytest.mark.parametrize(
    "source",
    [
        "def scope(sql, params, rows, x=sum(range(10**12))):\n    return 1\n",
        "@sum\ndef scope(sql, params, rows):\n    return 1\n",
        "def scope(sql, params, rows) -> sum(range(10**12)):\n    return 1\n",
        "def spin(f):\n    while True:\n        pass\n\n@spin\ndef scope(sql, params, rows):\n    return 1\n",
    ],
)
def test_what_runs_while_a_function_is_defined_runs_under_its_limits(source: str) -> None:
    busy_before = time.process_time()
    with pytest.raises(ScopeFnInvalid):
        ScopeFunction.start(source, limits=QUICK)
    assert time.process_time() - busy_before < 0.5


@pytest.mark.parametrize("name", ["print", "map", "chr", "Exception", "object", "super", "iter", "type", "getattr"])
def test_a_name_that_is_no_builtin_here_does_not_exist(decide, name: str) -> None:
    answer = decide(f"f = {name}\nreturn {{'allow': True, 'rows': rows}}")
    assert answer.reason == "scope function failed (NameError)"
