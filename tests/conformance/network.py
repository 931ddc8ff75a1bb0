"""Loopback servers that note every byte: HTTP or HTTPS with a certificate per connection, and a proxy for CONNECT."""

import io
import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.conformance.witness import Witness

_PATIENCE_SECONDS = 20.0
Contexts = Callable[[int], ssl.SSLContext | None]


@dataclass(frozen=True)
class Asked:
    """One request as it arrived. `connection` counts from 1."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    @property
    def bearer(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class Reply:
    """What goes back: JSON, or bytes as they are. `pieces` are sent one after another in place of a body."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    pieces: Callable[[], Iterator[bytes]] | None = None
    closes: bool = False


class _Noted(io.RawIOBase):
    """What is read from a socket, noted on the way."""

    def __init__(self, connection: socket.socket, heard: bytearray) -> None:
        self._connection, self._heard = connection, heard

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._connection.recv_into(buffer)
        self._heard += bytes(buffer[:count])
        return count


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 32

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of the game."""


class Loopback:
    """A TCP server on a port of its own, until closed."""

    def __init__(self, serve: Callable[[socket.socket, int], None]) -> None:
        counter = iter(range(1, 1_000_000))

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.settimeout(_PATIENCE_SECONDS)
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with suppress(OSError):
                    serve(self.request, next(counter))

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class WebServer(Loopback):
    """Answers HTTP/1.1 requests with `respond`; over TLS where `contexts` has one for the connection."""

    def __init__(
        self, place: str, witness: Witness, respond: Callable[[Asked], Reply], *, contexts: Contexts = lambda _: None
    ) -> None:
        def serve(connection: socket.socket, number: int) -> None:
            heard = witness.conversation(place)
            context = contexts(number)
            if context is None:
                _handler(connection, number, respond=respond, heard=heard)
                return
            with context.wrap_socket(connection, server_side=True) as secured:
                _handler(secured, number, respond=respond, heard=heard)

        super().__init__(serve)


def _handler(
    connection: socket.socket, number: int, *, respond: Callable[[Asked], Reply], heard: bytearray
) -> BaseHTTPRequestHandler:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def setup(self) -> None:
            super().setup()
            self.rfile = io.BufferedReader(_Noted(connection, heard))  # type: ignore[assignment]

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._send(respond(Asked(self.command, unquote(parts.path), query, headers, body, number)))

        def _send(self, reply: Reply) -> None:
            content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in ({"Content-Type": reply.content_type} | reply.headers).items():
                self.send_header(name, value)
            if reply.closes or reply.pieces:
                self.close_connection = True
                self.send_header("Connection", "close")
            if reply.pieces is None:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            for piece in [content] if reply.pieces is None else reply.pieces():
                self.wfile.write(piece)
                self.wfile.flush()

        do_GET = do_POST = do_DELETE = do_PUT = _serve

        def log_message(self, *args: object) -> None:
            return None

    return Handler(connection, ("127.0.0.1", number), None)  # type: ignore[arg-type]


class Proxy(Loopback):
    """An honest proxy: leads every host name to the port that `ports` gives for it, and notes what it is told."""

    def __init__(self, witness: Witness, ports: Callable[[str], int]) -> None:
        def serve(connection: socket.socket, _: int) -> None:
            heard = witness.conversation("the proxy")
            head = b""
            while b"\r\n\r\n" not in head and len(head) < 64 * 1024:
                part = connection.recv(4096)
                if not part:
                    return
                head += part
                heard += part
            method, target = head.split(b" ", 2)[:2]
            if method != b"CONNECT":
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            host = target.decode("latin-1").rpartition(":")[0]
            with socket.create_connection(("127.0.0.1", ports(host)), timeout=_PATIENCE_SECONDS) as far:
                connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=_pump, args=(far, connection, bytearray()), daemon=True)
                back.start()
                _pump(connection, far, heard)
                back.join(timeout=1.0)

        super().__init__(serve)


def _pump(source: socket.socket, sink: socket.socket, heard: bytearray) -> None:
    with suppress(OSError):
        while part := source.recv(65536):
            heard += part
            sink.sendall(part)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
