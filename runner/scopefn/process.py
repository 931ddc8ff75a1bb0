"""The trusted side of one locked process: start it, exchange frames within a deadline, end it."""

import contextlib
import fcntl
import os
import pickle
import select
import subprocess
import sys
import time
from pathlib import Path

from runner.scopefn import frames, seccomp
from runner.scopefn.errors import SandboxBreach, ScopeSandboxUnavailable
from runner.scopefn.limits import ScopeLimits
from runner.scopefn.lockdown import Locks

_ROOT = Path(__file__).resolve().parents[2]
WORKER = "runner.scopefn.worker"
_PIPE_BYTES = 256 * 1024
_ANSWER_SLACK_BYTES = 64 * 1024
_BYTES_PER_CHAR = 4


class SandboxProcess:
    """One locked process. Not thread-safe; after a SandboxBreach it is dead."""

    def __init__(self, limits: ScopeLimits, *, worker: str = WORKER) -> None:
        """Start ``main`` of module ``worker`` without waiting for it; raises ScopeSandboxUnavailable."""
        self.limits = limits
        locks = Locks(
            seccomp_program=seccomp.filter_program(),
            memory_bytes=limits.memory_bytes,
            cpu_seconds=limits.cpu_seconds,
        )
        try:
            self._popen = subprocess.Popen(
                [sys.executable, "-I", "-S", "-E", "-c", _boot(worker)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                cwd="/",
                env={},
                start_new_session=True,
            )
        except OSError as error:
            raise ScopeSandboxUnavailable("the scope function process can't be started") from error
        self._in, self._out = _parent_ends(self._popen)
        self._ready = False
        self._dead = False
        setup = pickle.dumps((locks, limits.output_chars))
        with contextlib.suppress(SandboxBreach):  # reported by wait_ready, which every user calls
            self._send(frames.SETUP + setup, time.monotonic() + limits.start_seconds)

    @property
    def pid(self) -> int:
        """The process id, for diagnostics and tests."""
        return self._popen.pid

    def wait_ready(self) -> None:
        """Return when the process has locked itself up; raises ScopeSandboxUnavailable when it could not."""
        if self._ready:
            return
        try:
            self._check_alive()
            answer = self._receive(time.monotonic() + self.limits.start_seconds)
        except SandboxBreach as breach:
            raise ScopeSandboxUnavailable(f"the scope function process did not start: {breach.reason}") from None
        if answer != frames.READY:
            self.kill()
            raise ScopeSandboxUnavailable("the scope function process could not lock itself up")
        self._ready = True

    def exchange(self, payload: bytes, *, seconds: float) -> bytes:
        """Send one frame and return the answer frame; raises SandboxBreach, after which the process is
        dead.
        """
        self._check_alive()
        deadline = time.monotonic() + seconds
        if self._poll(self._out, select.POLLIN, time.monotonic()):
            self._breach("answered without being asked")
        self._send(payload, deadline)
        return self._receive(deadline)

    def kill(self) -> None:
        """End the process and release its pipes; harmless when it has ended already."""
        self._dead = True
        self._popen.kill()
        self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def interrupt(self) -> None:
        """Kill from another thread while one is in an exchange; the exchanging thread cleans up."""
        self._popen.kill()

    def _check_alive(self) -> None:
        if self._dead:  # its descriptors may be somebody else's by now
            raise SandboxBreach("ended")

    def _breach(self, reason: str) -> None:
        self.kill()
        raise SandboxBreach(reason)

    def _send(self, payload: bytes, deadline: float) -> None:
        if len(payload) > self.limits.input_bytes:
            self._breach("was given more than it may read")
        view = memoryview(frames.LENGTH.pack(len(payload)) + payload)
        while view:
            if not self._poll(self._in, select.POLLOUT, deadline):
                self._breach("took too long")
            try:
                view = view[os.write(self._in, view) :]
            except BlockingIOError:
                continue
            except OSError:
                self._breach("ended")

    def _receive(self, deadline: float) -> bytes:
        (length,) = frames.LENGTH.unpack(self._read(frames.LENGTH.size, deadline))
        if length > self.limits.output_chars * _BYTES_PER_CHAR + _ANSWER_SLACK_BYTES:
            self._breach("answered more than it may")
        return self._read(length, deadline)

    def _read(self, count: int, deadline: float) -> bytes:
        buffer = bytearray()
        while len(buffer) < count:
            if not self._poll(self._out, select.POLLIN, deadline):
                self._breach("took too long")
            try:
                chunk = os.read(self._out, count - len(buffer))
            except BlockingIOError:
                continue
            except OSError:
                chunk = b""
            if not chunk:
                self._breach("ended")
            buffer += chunk
        return bytes(buffer)

    @staticmethod
    def _poll(fd: int, event: int, deadline: float) -> bool:
        poller = select.poll()
        poller.register(fd, event)
        return bool(poller.poll(max(0.0, deadline - time.monotonic()) * 1000))


def _boot(worker: str) -> str:
    return f"import sys; sys.path.append({str(_ROOT)!r}); from {worker} import main; main()"


def _parent_ends(popen: "subprocess.Popen[bytes]") -> tuple[int, int]:
    assert popen.stdin is not None and popen.stdout is not None
    ends = popen.stdin.fileno(), popen.stdout.fileno()
    for fd in ends:
        os.set_blocking(fd, False)
        with contextlib.suppress(OSError):  # the system's allowance for large pipes may be used up
            fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    return ends
