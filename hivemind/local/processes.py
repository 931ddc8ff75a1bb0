"""Find, start and end processes by what they are, never by a number from a file alone.

A service is recognised by its program's name and its working directory, compared as device and inode, so that
a reused pid is never mistaken for ours and a process in another mount namespace is still found.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

POLL_SECONDS = 0.02
LOG_BYTES_KEPT = 20_000_000


def running(program: str, *, within: Path) -> list[int]:
    """Return the pids of live processes called `program` whose working directory is `within`."""
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in sorted(pids) if works_in(pid, program=program, within=within)]


def works_in(pid: int, *, program: str, within: Path) -> bool:
    """Return whether `pid` is a live process called `program` whose working directory is `within`."""
    try:
        there, home = Path(f"/proc/{pid}/cwd").stat(), within.stat()
        return (there.st_dev, there.st_ino) == (home.st_dev, home.st_ino) and name_of(pid) == program
    except OSError:
        return False


def name_of(pid: int) -> str | None:
    """Return the program name of a live process, or None when there is none (a zombie counts as none)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    head, _, tail = stat.rpartition(")")
    return None if tail.split()[0] in "ZX" else head.partition("(")[2]


def send(pids: Sequence[int], number: signal.Signals) -> None:
    """Send a signal to each pid; one that is gone already is fine."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_until(condition: Callable[[], bool], *, seconds: float) -> bool:
    """Poll `condition` until it holds or the time is over; return whether it held."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def end(find: Callable[[], list[int]], *, first: signal.Signals, seconds: float) -> bool:
    """End what `find` finds: `first`, then after `seconds` SIGKILL. Return whether there was anything."""
    pids = find()
    if not pids:
        return False
    send(pids, first)
    if not wait_until(lambda: not find(), seconds=seconds):
        send(find(), signal.SIGKILL)
        wait_until(lambda: not find(), seconds=5)
    return True


def start(
    argv: Sequence[str], *, log: Path, cwd: Path, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `argv`, output to `log`, in a session of its own: out of reach of our terminal's Ctrl-C."""
    with open_log(log) as output:
        return subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def open_log(path: Path) -> IO[bytes]:
    """Open a log for appending, readable by us alone; a large one is moved to `<name>.1` first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > LOG_BYTES_KEPT:
            path.replace(path.with_name(path.name + ".1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def last_lines(log: Path, *, count: int = 12, after_bytes: int = 0) -> str:
    """Return the end of a log for an error message, or a remark that there is none."""
    try:
        text = log.read_bytes()[after_bytes:].decode("utf-8", errors="replace")
    except OSError:
        return f"(no log at {log})"
    return "\n".join(text.splitlines()[-count:]) or f"({log} says nothing)"


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on `path`, waiting for it; the kernel drops it when this process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
