"""Starting: what happens where nothing can be locked, and what waits ready."""

import os

import pytest

from runner.scopefn import frames
from runner.scopefn.errors import SandboxBreach, ScopeSandboxUnavailable
from runner.scopefn.limits import ScopeLimits
from runner.scopefn.process import SandboxProcess
from runner.scopefn.warm import WarmPool
from tests.runner.scopefn.conftest import QUICK


def test_a_process_that_can_not_lock_itself_up_is_not_used() -> None:
    process = SandboxProcess(QUICK, worker="tests.runner.scopefn.babbler")
    with pytest.raises(ScopeSandboxUnavailable, match="could not lock"):
        process.wait_ready()
    with pytest.raises(SandboxBreach):
        process.exchange(frames.CALL, seconds=1)


def test_a_process_that_does_not_even_begin_is_not_used() -> None:
    process = SandboxProcess(QUICK, worker="runner.scopefn.no_such_module")
    with pytest.raises(ScopeSandboxUnavailable, match="did not start"):
        process.wait_ready()


def test_a_waiting_process_is_handed_out_once() -> None:
    pool = WarmPool(QUICK)
    pool.keep(2)
    try:
        taken = [pool.take(QUICK) for _ in range(3)]
        assert len({process.pid for process in taken}) == 3
        for process in taken:
            process.kill()
    finally:
        pool.keep(0)


def test_a_waiting_process_that_died_is_replaced() -> None:
    pool = WarmPool(QUICK)
    pool.keep(1)
    try:
        os.kill(pool._waiting[0].pid, 9)
        process = pool.take(QUICK)
        assert process.exchange(frames.LOAD + b"x", seconds=5)[:1] == frames.INVALID
        process.kill()
    finally:
        pool.keep(0)


def test_other_limits_get_a_process_of_their_own() -> None:
    pool = WarmPool(QUICK)
    pool.keep(1)
    try:
        other = ScopeLimits(call_seconds=2.0)
        process = pool.take(other)
        assert process.limits == other
        process.kill()
    finally:
        pool.keep(0)
