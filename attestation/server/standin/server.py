"""The stand-in's socket: one JSON object in, one out, as a guest agent speaks."""

import errno
import json
import socket
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from typing import Any, Final

from attestation.encoding import unhex
from attestation.errors import EncodingError, ManifestError
from attestation.reading import Reader
from attestation.server.standin.machine import DevelopmentMachine

MOST_REQUEST_BYTES: Final = 64 * 1024
MOST_REPORT_DATA_BYTES: Final = 64
REQUEST_SECONDS: Final = 10
Answers = Mapping[str, Callable[[Reader], dict[str, Any]]]


class BadCall(ValueError):
    """The request is not one that a guest agent answers."""


def answers(machine: DevelopmentMachine) -> Answers:
    """The calls of this machine by their paths."""
    return {
        "/GetKey": lambda request: machine.key(request.text("path") if request.has("path") else ""),
        "/GetQuote": lambda request: machine.quote(_report_data(request)),
        "/Info": lambda request: machine.info(),
        "/Development": lambda request: machine.development(),
    }


class StandInServer(ThreadingMixIn, UnixStreamServer):
    """Listens on a socket that only this account may open; a socket that a killed one left is replaced.

    Raises OSError when somebody listens there, or nobody can.
    """

    daemon_threads = True

    def __init__(self, path: Path, answers: Answers) -> None:
        self.answers = answers
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if _is_alive(path):
            raise OSError(errno.EADDRINUSE, "somebody listens there already")
        path.unlink(missing_ok=True)
        super().__init__(str(path), _Handler)
        path.chmod(0o600)

    def server_close(self) -> None:
        """Stop listening and take the socket away."""
        super().server_close()
        Path(str(self.server_address)).unlink(missing_ok=True)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about callers that hang up."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: StandInServer
    timeout = REQUEST_SECONDS

    def do_POST(self) -> None:
        """Answer one call."""
        call = self.server.answers.get(self.path)
        if call is None:
            self._say(HTTPStatus.NOT_FOUND, {"error": "no such call"})
            return
        try:
            answer = call(Reader(self._request()))
        except (BadCall, ManifestError, EncodingError):
            self._say(HTTPStatus.BAD_REQUEST, {"error": "bad request"})
            return
        self._say(HTTPStatus.OK, answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: requests name keys, and answers hold them."""

    def _request(self) -> Mapping[str, Any]:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MOST_REQUEST_BYTES:
            raise BadCall
        try:
            request = json.loads(self.rfile.read(int(length)) or b"{}")
        except ValueError as error:
            raise BadCall from error
        if not isinstance(request, Mapping):
            raise BadCall
        return request

    def _say(self, status: HTTPStatus, body: Mapping[str, Any]) -> None:
        data = json.dumps(body).encode("ascii")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _is_alive(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex(str(path)) == 0


def _report_data(request: Reader) -> bytes:
    data = unhex(request.filled("report_data"))
    if len(data) > MOST_REPORT_DATA_BYTES:
        raise BadCall
    return data
