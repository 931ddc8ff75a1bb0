"""Count and bound what a Postgres server sends, byte by byte.

libpq reads a row as a whole, however large it is, and gives no say in between. So for the length of one query its
socket is replaced by our end of a pair, and what the server sends is passed on piece by piece: libpq can never hold
more than it was given. Encryption stays libpq's own and passes through.
"""

import os
import select
import socket
from types import TracebackType

import psycopg
from psycopg import pq

CHUNK_BYTES = 256 * 1024


class MeteredSocket:
    """Stands between libpq and the server while it is entered. Used by one thread, as the connection is."""

    def __init__(self, pgconn: pq.abc.PGconn) -> None:
        self.received_bytes = 0
        self._pgconn = pgconn
        self._descriptor = pgconn.socket
        self._to_server, self._to_client = b"", b""

    def __enter__(self) -> "MeteredSocket":
        """Take the place of the server."""
        self._server = socket.socket(fileno=os.dup(self._descriptor))
        self._client, replaced = socket.socketpair()
        for end in (self._server, self._client, replaced):
            end.setblocking(False)
        os.dup2(replaced.fileno(), self._descriptor, inheritable=False)
        replaced.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the server's socket back, unless libpq closed its own: then the number may be another file's."""
        if _open_socket(self._pgconn) == self._descriptor:
            os.dup2(self._server.fileno(), self._descriptor, inheritable=False)
        self._server.close()
        self._client.close()

    def step(self, timeout_seconds: float) -> bool:
        """Pass on what is there, waiting up to the timeout for it. False when the time was over first.

        What libpq has not read yet counts as being there.
        """
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.register(self._client, select.POLLIN | (select.POLLOUT if self._to_client else 0))
        reading = 0 if self._to_client else select.POLLIN
        poll.register(self._server, reading | (select.POLLOUT if self._to_server else 0))
        if timeout_seconds <= 0 or not poll.poll(timeout_seconds * 1000):
            return False
        if not self._to_client:
            self._take_from_server()
        self._to_server += _receive(self._client) or b""
        self._to_server = _send(self._server, self._to_server)
        self._to_client = _send(self._client, self._to_client)
        return True

    @property
    def everything_is_sent(self) -> bool:
        """Whether nothing that libpq wrote so far is still on its way."""
        self._to_server += _receive(self._client) or b""
        self._to_server = _send(self._server, self._to_server)
        return not self._to_server

    def _take_from_server(self) -> None:
        chunk = _receive(self._server)
        if chunk == b"":
            self._client.shutdown(socket.SHUT_WR)  # libpq sees the end as if it were connected itself
        elif chunk:
            self.received_bytes += len(chunk)
            self._to_client = chunk


def _receive(end: socket.socket) -> bytes | None:
    """What is there; None when nothing is, b"" at the end of the stream."""
    try:
        return end.recv(CHUNK_BYTES)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _send(end: socket.socket, data: bytes) -> bytes:
    """Send what fits now; the rest. Nothing remains when the other side is gone."""
    try:
        return data[end.send(data) :] if data else b""
    except BlockingIOError:
        return data
    except OSError:
        return b""


def _open_socket(pgconn: pq.abc.PGconn) -> int | None:
    try:
        return pgconn.socket
    except psycopg.OperationalError:
        return None
