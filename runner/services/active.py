"""The runs that this worker process carries out now, and how they are told to stop.

The watcher asks the database about twice a second whether somebody wants one of them to stop, or whether its row was
ended by another process; either way its containers are killed and its stages give up. It also writes down what the
stages in flight have used of models so far: a worker that is killed takes at most the last half second of it along.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from hivemind.kit import worker
from runner.errors import RunCancelled
from runner.models import Run, Stage


class Killable(Protocol):
    """Something with a container behind it."""

    def kill(self) -> None:
        """End it now. Idempotent."""


class Meter:
    """What one stage in flight uses, and how much of it has been written down."""

    def __init__(self, stage: str, read: Callable[[], dict[str, Any]]) -> None:
        self.stage, self._read, self._written = stage, read, 0

    def news(self) -> dict[str, Any] | None:
        """The usage by now, None when no token was used since it was asked last."""
        used = self._read()
        if used.get("total_tokens", 0) == self._written:
            return None
        self._written = used["total_tokens"]
        return used


class ActiveRun:
    """One run in flight. `stop` kills what is registered and everything that registers later."""

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.meter: Meter | None = None
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._handles: list[Killable] = []

    def register(self, handle: Killable) -> None:
        """Have `handle` killed when the run is stopped; at once if it already was."""
        with self._lock:
            self._handles.append(handle)
        if self._stopped.is_set():
            handle.kill()

    def forget(self, handle: Killable) -> None:
        """Let go of a handle whose container is gone."""
        with self._lock:
            self._handles = [kept for kept in self._handles if kept is not handle]

    def stop(self) -> None:
        """Stop the run. Idempotent."""
        self._stopped.set()
        with self._lock:
            handles = list(self._handles)
        for handle in handles:
            handle.kill()

    @property
    def stopped(self) -> bool:
        """Whether somebody asked for the run to stop."""
        return self._stopped.is_set()

    def check(self) -> None:
        """Raise RunCancelled when the run was stopped."""
        if self._stopped.is_set():
            raise RunCancelled


_lock = threading.Lock()
_runs: dict[str, ActiveRun] = {}
_watching = False


@contextmanager
def carrying(run_id: str) -> Iterator[ActiveRun]:
    """Register a run as carried out by this process for the length of the block."""
    global _watching
    active = ActiveRun(run_id)
    with _lock:
        _runs[run_id] = active
        if not _watching:
            worker.watch(look_for_stops)
            _watching = True
    try:
        yield active
    finally:
        with _lock:
            _runs.pop(run_id, None)


def look_for_stops() -> None:
    """Stop each run of this process whose row says so. One query, and none while nothing runs."""
    with _lock:
        here = dict(_runs)
    if not here:
        return
    for run_id, active in here.items():
        _write_down(run_id, active.meter)
    rows = Run.objects.filter(pk__in=list(here)).values_list("pk", "cancel_requested_at", "ended_at")
    for run_id, cancel_requested_at, ended_at in rows:
        if cancel_requested_at is not None or ended_at is not None:
            here[run_id].stop()


def _write_down(run_id: str, meter: Meter | None) -> None:
    used = meter.news() if meter is not None else None
    if meter is not None and used is not None:
        Stage.objects.filter(run_id=run_id, name=meter.stage, ended_at=None, run__ended_at=None).update(usage=used)
