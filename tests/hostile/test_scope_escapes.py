"""No hostile scope function is ever allowed to show anything: it is refused, denied, or ended."""

import time

import pytest

from runner.scopefn.answers import Denied
from runner.scopefn.client import ScopeFunction
from runner.scopefn.errors import ScopeFnInvalid
from runner.scopefn.limits import MIB, ScopeLimits
from tests.hostile import scope_escapes

LIMITS = ScopeLimits(call_seconds=0.5, memory_bytes=192 * MIB, cpu_seconds=3, restarts=1)
SOURCES = {
    **{
        f"{kind}-{number:02}": scope_escapes.source_of(body, shows=True)
        for kind, bodies in scope_escapes.LOOKING.items()
        for number, body in enumerate(bodies)
    },
    **{f"modules-{number:02}": source for number, source in enumerate(scope_escapes.MODULES)},
    **{
        f"plagues-{number:02}": scope_escapes.source_of(body, shows=False)
        for number, body in enumerate(scope_escapes.PLAGUES)
    },
}


def test_there_are_enough_and_none_twice() -> None:
    assert len(set(SOURCES.values())) == len(SOURCES) >= 60


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_it_shows_nothing(source: str) -> None:
    began_at, worked_before = time.monotonic(), time.process_time()
    try:
        function = ScopeFunction.start(source, limits=LIMITS)
    except ScopeFnInvalid:
        pass
    else:
        with function:
            answer = function.apply(sql="SELECT a FROM t", params=[], columns=["a"], rows=[("the-secret-word",)])
        assert isinstance(answer, Denied)
        assert "the-secret-word" not in answer.reason
    assert time.monotonic() - began_at < 30
    assert time.process_time() - worked_before < 1, "the trusted side did the work"
