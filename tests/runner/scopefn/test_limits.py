"""Breaches of a limit: the call is denied, the process is gone, the next call works, and it can't go on for ever."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runner.scopefn.answers import Allowed, Denied
from runner.scopefn.limits import MIB, ScopeLimits
from tests.runner.scopefn.conftest import PASS_ALL

MOODY = """
def scope(sql, params, rows):
    if sql == 'loop':
        while True:
            pass
    if sql == 'power':
        return 10 ** 10 ** 9
    if sql == 'memory':
        x = []
        while True:
            x.append('x' * 10**6)
    if sql == 'swallow':
        while True:
            try:
                x = [0] * 10**9
            except:
                pass
    if sql == 'deep':
        return scope(sql, params, rows)
    if sql == 'wide':
        return {'allow': True, 'rows': [{'a': 'x' * 10**6} for r in range(50)]}
    return {'allow': True, 'rows': rows}
"""


def call(function, sql: str = "", rows=((1,),)):
    return function.apply(sql=sql, params=[], columns=["a"], rows=list(rows))


@pytest.mark.parametrize("sql", ["loop", "power", "memory", "swallow", "deep"])
def test_a_breach_is_denied_and_the_next_call_works(start, sql: str) -> None:
    function = start(MOODY)
    assert isinstance(call(function, sql), Denied)
    assert call(function) == Allowed('[{"a": 1}]', 1, False)


def test_a_call_ends_when_its_time_is_over(start) -> None:
    function = start(MOODY)
    started_at = time.monotonic()
    assert call(function, "loop").reason == "the scope function was stopped: it took too long"
    assert time.monotonic() - started_at < 3


def test_after_too_many_breaches_nothing_is_allowed_any_more(start) -> None:
    function = start(MOODY, limits=ScopeLimits(call_seconds=0.2, restarts=1))
    for _ in range(2):
        assert "too long" in call(function, "loop").reason
    answer = call(function)
    assert isinstance(answer, Denied) and "too often" in answer.reason


def test_a_huge_result_is_cut_and_not_lost(start) -> None:
    answer = call(start(MOODY), "wide")
    assert isinstance(answer, Allowed)
    assert (answer.row_count, answer.truncated) == (50, True)
    assert len(answer.json_text) < 1_001_000


def test_a_result_larger_than_a_pipe_arrives(start) -> None:
    answer = call(start(PASS_ALL), rows=[("x" * 1000,)] * 900)
    assert isinstance(answer, Allowed) and len(answer.json_text) > 900_000


def test_more_input_than_allowed_is_denied_and_harmless(start) -> None:
    function = start(PASS_ALL, limits=ScopeLimits(input_bytes=MIB))
    assert isinstance(call(function, rows=[("x" * 2 * MIB,)]), Denied)
    assert isinstance(call(function), Allowed)


def test_values_that_can_not_be_sent_are_denied(start) -> None:
    function = start(PASS_ALL)
    assert isinstance(call(function, rows=[(lambda: 1,)]), Denied)
    assert isinstance(call(function, rows=[(threading.Lock(),)]), Denied)
    assert isinstance(call(function), Allowed)


def test_a_value_of_a_class_that_is_not_loaded_inside_is_denied(start) -> None:
    function = start(PASS_ALL)
    assert isinstance(call(function, rows=[(ScopeLimits(),)]), Denied)
    assert isinstance(call(function), Allowed)


def test_honest_work_may_go_on_longer_than_one_process_may_compute(start) -> None:
    function = start(PASS_ALL, limits=ScopeLimits(call_seconds=0.6, cpu_seconds=1, restarts=0))
    first = function._process.pid
    function._busy_seconds = 0.5
    assert isinstance(call(function), Allowed)
    assert function._process.pid != first


def test_calls_from_many_threads_take_turns(start) -> None:
    function = start(PASS_ALL)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: call(function, rows=[(n,)]), range(200)))
    assert [answer.json_text for answer in answers] == [f'[{{"a": {n}}}]' for n in range(200)]


def test_closing_denies_the_call_in_progress_and_every_later_one(start) -> None:
    function = start(MOODY, limits=ScopeLimits(call_seconds=30))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(call, function, "loop")
        time.sleep(0.2)
        function.close()
        assert isinstance(running.result(timeout=5), Denied)
    assert isinstance(call(function), Denied)
    function.close()


def test_no_process_is_left_behind(start) -> None:
    function = start(PASS_ALL)
    pid = function._process.pid
    function.close()
    with pytest.raises(ProcessLookupError):
        __import__("os").kill(pid, 0)
