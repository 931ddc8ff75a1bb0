"""Keep a few processes alive in the foreground: start them, restart what crashes, stop them in order.

One supervisor per state directory: a file lock says whether it is alive, and the kernel drops the lock with
it. Its children die with it, so that nothing of a killed supervisor stands in the way of the next one.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

from hivemind.local import account, processes
from hivemind.local.errors import AlreadyRunning
from hivemind.local.paths import Layout

TICK_SECONDS = 0.2
CHECK_SECONDS = 2.0
SETTLED_SECONDS = 60.0  # a process that lived this long has its earlier crashes forgiven
LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True)
class Child:
    """A process to keep alive, and how long it may take to end after SIGTERM."""

    name: str
    argv: tuple[str, ...]
    stop_seconds: float = 10.0


@dataclass
class _Running:
    """One child's current process, or the moment from which it may be started again."""

    child: Child
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    crashes: int = 0
    due_at: float = 0.0


class Supervisor:
    """Runs children until it is told to stop by SIGTERM or SIGINT. `check` is called every few seconds."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        layout: Layout,
        environment: Mapping[str, str],
        check: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self._all = [_Running(child) for child in children]
        self._layout = layout
        self._environment = environment
        self._check = check
        self._say = say
        self._stop_asked = 0

    def run(self) -> None:
        """Start everything, keep it alive, return when everything has been stopped."""
        before = {s: signal.signal(s, self._on_signal) for s in (signal.SIGTERM, signal.SIGINT)}
        try:
            self._write_crashes()
            checked_at = time.monotonic()
            while not self._stop_asked:
                self._tend()
                if time.monotonic() - checked_at > CHECK_SECONDS:
                    self._check()
                    checked_at = time.monotonic()
                time.sleep(TICK_SECONDS)
        finally:
            self._stop()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop_asked += 1

    def _tend(self) -> None:
        now = time.monotonic()
        for entry in self._all:
            if entry.process is not None and entry.process.poll() is not None:
                self._note_crash(entry, now=now)
            if entry.process is None and now >= entry.due_at:
                self._start(entry, now=now)
            elif entry.process and entry.crashes and now - entry.started_at > SETTLED_SECONDS:
                entry.crashes = 0
                self._write_crashes()

    def _note_crash(self, entry: _Running, *, now: float) -> None:
        entry.crashes += 1
        pause = min(LONGEST_PAUSE_SECONDS, 2.0 ** (entry.crashes - 1))
        status = entry.process.returncode if entry.process else None
        what = f"{entry.child.name} ended with status {status}"
        self._say(f"{what}, starting it again in {pause:.0f} s; see {self._log(entry.child)}")
        entry.process, entry.due_at = None, now + pause
        self._write_crashes()

    def _start(self, entry: _Running, *, now: float) -> None:
        line = account.command(entry.child.argv, account=account.current(), death_signal="KILL")
        entry.process = processes.start(line, log=self._log(entry.child), cwd=Path.cwd(), env=self._environment)
        entry.started_at = now

    def _write_crashes(self) -> None:
        counts = {entry.child.name: entry.crashes for entry in self._all}
        draft = _crash_file(self._layout).with_suffix(".new")
        draft.write_text(json.dumps(counts), encoding="utf-8")
        draft.replace(_crash_file(self._layout))

    def _log(self, child: Child) -> Path:
        return self._layout.log_dir / f"{child.name}.log"

    def _stop(self) -> None:
        """Stop in the order of the list: who takes work in comes first. A second signal ends the waiting."""
        for entry in self._all:
            if entry.process is None:
                continue
            processes.send([entry.process.pid], signal.SIGTERM)
            self._await_end(entry.process, seconds=entry.child.stop_seconds)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(entry.process.pid, signal.SIGKILL)  # its whole session, children of its own included
            entry.process.wait()

    def _await_end(self, process: subprocess.Popen[bytes], *, seconds: float) -> None:
        patience = self._stop_asked
        processes.wait_until(lambda: process.poll() is not None or self._stop_asked > max(patience, 1), seconds=seconds)


@contextlib.contextmanager
def claim(layout: Layout) -> Iterator[None]:
    """Be the one supervisor of this state directory. Raises AlreadyRunning."""
    layout.run_dir.mkdir(parents=True, exist_ok=True)
    with _lock_file(layout).open("a+") as handle:
        # Who asks whether we are alive holds the lock for an instant, hence the short patience.
        if not processes.wait_until(lambda: _locks(handle, fcntl.LOCK_EX), seconds=0.5):
            raise AlreadyRunning(f"Hivemind already runs here as process {find(layout)}")
        _crash_file(layout).unlink(missing_ok=True)
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        try:
            yield
        finally:
            handle.truncate(0)


def find(layout: Layout) -> int | None:
    """Return the pid of the living supervisor, or None. A pid left by a killed one is not believed."""
    with contextlib.suppress(FileNotFoundError), _lock_file(layout).open("r") as handle:
        text = handle.read().strip()
        if not _locks(handle, fcntl.LOCK_SH) and text.isdigit():
            return int(text)
    return None


def _locks(handle: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def has_begun(layout: Layout) -> bool:
    """Return whether the living supervisor has come to starting its children."""
    return find(layout) is not None and _crash_file(layout).exists()


def crashes(layout: Layout) -> dict[str, int]:
    """Return how often in a row each child of the living supervisor has crashed; empty when there is none."""
    if find(layout) is None:
        return {}
    try:
        counts: dict[str, int] = json.loads(_crash_file(layout).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return counts


def stop(layout: Layout, *, seconds: float) -> bool:
    """Stop the supervisor and what it keeps alive; return whether there was one."""

    def living() -> list[int]:
        pid = find(layout)
        return [] if pid is None else [pid]

    return processes.end(living, first=signal.SIGTERM, seconds=seconds)


def _crash_file(layout: Layout) -> Path:
    return layout.run_dir / "crashes.json"


def _lock_file(layout: Layout) -> Path:
    return layout.run_dir / "supervisor.lock"
