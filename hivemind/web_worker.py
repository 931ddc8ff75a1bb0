"""gunicorn's threaded worker with an end to every wait: nobody holds one of its threads by sending or reading slowly.

gunicorn bounds how long a new connection may be silent, and nothing after its first byte. Here a request's head has to
come within seconds, and the whole of it, with its answer, within a time that grows with the announced size of its body.
Then the connection is shut down, which wakes the thread.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

HEAD_SECONDS: Final = 15.0
REQUEST_SECONDS: Final = 300.0
SLOWEST_BYTES_A_SECOND: Final = 8 * 1024
LARGEST_BYTES: Final = 64 * 1024 * 1024
TICK_SECONDS: Final = 1.0


@dataclass
class _Wait:
    """One connection that has a thread. Its socket is looked up when it is needed, because TLS replaces it."""

    connection: Any
    until: float


class Deadlines:
    """Shuts down connections that outstay; one thread looks after all of a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits: dict[int, _Wait] = {}
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def within(self, connection: Any, seconds: float) -> Iterator[None]:
        """Allow the connection this long from now, unless `extend` says otherwise meanwhile."""
        with self._lock:
            self._waits[id(connection)] = _Wait(connection, time.monotonic() + seconds)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="deadlines", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                del self._waits[id(connection)]

    def extend(self, connection: Any, seconds: float) -> None:
        """Allow it this long from now instead."""
        with self._lock:
            self._waits[id(connection)].until = time.monotonic() + seconds

    def _look(self) -> None:
        while True:
            time.sleep(TICK_SECONDS)
            with self._lock:
                for wait in self._waits.values():
                    if wait.until < time.monotonic():
                        _shut_down(wait.connection.sock)


class DeadlineWorker(ThreadWorker):  # type: ignore[misc]
    """The worker class of `hivemind.web_server`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._deadlines = Deadlines()

    def handle(self, conn: Any) -> Any:
        """One turn of a connection in a thread: handshake, head, request and answer."""
        with self._deadlines.within(conn, HEAD_SECONDS):
            return super().handle(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """A request whose head is here."""
        self._deadlines.extend(conn, REQUEST_SECONDS + _announced_bytes(req.headers) / SLOWEST_BYTES_A_SECOND)
        return super().handle_request(req, conn)


def _announced_bytes(headers: list[tuple[str, str]]) -> int:
    length = next((value for name, value in headers if name.upper() == "CONTENT-LENGTH"), "")
    return min(int(length), LARGEST_BYTES) if length.isascii() and length.isdigit() and len(length) < 20 else 0


def _shut_down(connection: socket.socket) -> None:
    """Wake whoever reads or writes there. Past the TLS layer, whose state belongs to the thread that uses it."""
    with contextlib.suppress(OSError):  # closed already, or just being wrapped in TLS: the next look finds it
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
