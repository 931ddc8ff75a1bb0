"""Scope functions in their real locked processes."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runner.scopefn.answers import Allowed, Denied
from runner.scopefn.client import ScopeFunction
from runner.scopefn.limits import MIB, ScopeLimits

QUICK = ScopeLimits(call_seconds=1.0, memory_bytes=256 * MIB, restarts=2)
PASS_ALL = "def scope(sql, params, rows):\n    return {'allow': True, 'rows': rows}\n"


@pytest.fixture
def start() -> Iterator[Callable[..., ScopeFunction]]:
    """Start a function from source; it ends with the test."""
    started: list[ScopeFunction] = []

    def starter(source: str, *, limits: ScopeLimits = QUICK) -> ScopeFunction:
        started.append(ScopeFunction.start(source, limits=limits))
        return started[-1]

    yield starter
    for function in started:
        function.close()


@pytest.fixture
def decide(start: Callable[..., ScopeFunction]) -> Callable[..., Allowed | Denied]:
    """Let the body of a scope function decide about one column `a`."""

    def decider(body: str, *values: Any, sql: str = "SELECT a FROM t") -> Allowed | Denied:
        lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
        function = start(f"def scope(sql, params, rows):\n{lines}")
        return function.apply(sql=sql, params=[], columns=["a"], rows=[(value,) for value in values])

    return decider
