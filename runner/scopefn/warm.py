"""Locked processes that wait for a source, so that a stage need not wait for an interpreter to start."""

import contextlib
import os
import threading

from runner.scopefn.errors import ScopeSandboxUnavailable
from runner.scopefn.limits import ScopeLimits
from runner.scopefn.process import SandboxProcess


class WarmPool:
    """A few started processes with one set of limits.

    Thread-safe; a forked child never uses its parent's processes.
    """

    def __init__(self, limits: ScopeLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._waiting: list[SandboxProcess] = []
        self._wanted = 0
        self._owner_pid = os.getpid()

    def keep(self, count: int) -> None:
        """From now on keep ``count`` processes waiting; raises ScopeSandboxUnavailable when the machine
        can't lock.
        """
        self._forget_after_fork()
        with self._lock:
            self._wanted = count
            surplus, self._waiting = self._waiting[count:], self._waiting[:count]
        for process in surplus:
            process.kill()
        self._fill()

    def take(self, limits: ScopeLimits) -> SandboxProcess:
        """Return a ready process, a waiting one if there is one; raises ScopeSandboxUnavailable."""
        self._forget_after_fork()
        if limits == self._limits and (waiting := self._pop()):
            threading.Thread(target=self._refill, name="scope-fn-refill", daemon=True).start()
            with contextlib.suppress(ScopeSandboxUnavailable):  # it died while waiting: start another
                waiting.wait_ready()
                return waiting
        process = SandboxProcess(limits)
        process.wait_ready()
        return process

    def _pop(self) -> SandboxProcess | None:
        with self._lock:
            return self._waiting.pop() if self._waiting else None

    def _refill(self) -> None:
        with contextlib.suppress(ScopeSandboxUnavailable):  # the next start reports it
            self._fill()

    def _fill(self) -> None:
        with self._lock:
            while len(self._waiting) < self._wanted:
                self._waiting.insert(0, SandboxProcess(self._limits))

    def _forget_after_fork(self) -> None:
        if self._owner_pid != os.getpid():
            self._owner_pid = os.getpid()
            self._lock = threading.Lock()
            self._waiting = []


POOL = WarmPool(ScopeLimits())
