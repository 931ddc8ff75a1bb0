"""Collecting what a container prints, within limits, from the engine's attach stream.

The engine sends frames: one byte that says which stream, three of nothing, four of length, then that many bytes.
Nothing here ever holds more than the limits allow.
"""

import socket
import time
from dataclasses import dataclass, field
from enum import Enum, auto

from runner.engine.limits import Limits

_STDOUT = 1
_HEADER_BYTES = 8
_CHUNK_BYTES = 64 * 1024


class Pumped(Enum):
    """Why reading stopped."""

    END = auto()  # the program closed its streams, normally by ending
    DEADLINE = auto()
    STDOUT_EXCEEDED = auto()
    STDERR_EXCEEDED = auto()


@dataclass
class Output:
    """What was collected. Feed it with `add`; it keeps what the limits allow."""

    limits: Limits
    stdout: bytearray = field(default_factory=bytearray, repr=False)
    stderr: bytearray = field(default_factory=bytearray, repr=False)
    _stderr_seen: int = 0
    _header: bytearray = field(default_factory=bytearray, repr=False)
    _stream: int = 0
    _left: int = 0

    def add(self, data: bytes) -> Pumped | None:
        """Take the next bytes of the attach stream. Says so when a limit is breached, else None."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._take_payload(rest) :] if self._left else rest[self._take_header(rest) :]
            if len(self.stdout) > self.limits.stdout_bytes:
                return Pumped.STDOUT_EXCEEDED
            if self._stderr_seen > self.limits.stderr_flood_bytes:
                return Pumped.STDERR_EXCEEDED
        return None

    def _take_header(self, data: memoryview) -> int:
        taken = data[: _HEADER_BYTES - len(self._header)]
        self._header += taken
        if len(self._header) == _HEADER_BYTES:
            self._stream = self._header[0]
            self._left = int.from_bytes(self._header[4:], "big")
            self._header.clear()
        return len(taken)

    def _take_payload(self, data: memoryview) -> int:
        taken = data[: self._left]
        self._left -= len(taken)
        if self._stream == _STDOUT:
            self.stdout += taken[: self.limits.stdout_bytes + 1 - len(self.stdout)]
        else:
            self._stderr_seen += len(taken)
            self.stderr += taken[: max(0, self.limits.stderr_bytes - len(self.stderr))]
        return len(taken)


def pump(stream: socket.socket, output: Output, *, deadline_monotonic: float) -> Pumped:
    """Read ``stream`` into ``output`` until it ends, the deadline passes, or a limit is breached."""
    while True:
        remaining = deadline_monotonic - time.monotonic()
        if remaining <= 0:
            return Pumped.DEADLINE
        try:
            stream.settimeout(remaining)
            data = stream.recv(_CHUNK_BYTES)
        except TimeoutError:
            return Pumped.DEADLINE
        except OSError:
            # Another thread has closed the stage.
            return Pumped.END
        if not data:
            return Pumped.END
        breach = output.add(data)
        if breach is not None:
            return breach
