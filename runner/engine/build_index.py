"""Letting the steps of a build reach one package index, and nothing else.

The steps share the network of a container that has none. In there a relay of ours listens, as the bridge does for
agents, and passes plain reads on to the origin of the index that the operator has set. There is no other way out: no
address, no name, no query and no body that a step could choose.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import httpx

from runner.engine import errors
from runner.engine.base import ContainerSpec, Engine
from runner.engine.limits import MIB, Limits

PORT: Final = 8791
LOCAL: Final = f"http://127.0.0.1:{PORT}"
_PATH = re.compile(r"(?:/[A-Za-z0-9._~+%@:!=-]*)+")
_PASSED_ON: Final = ("Accept", "Range")
_PASSED_BACK: Final = ("Content-Type", "Content-Range", "Accept-Ranges", "ETag")
_LARGEST_PAGE_BYTES: Final = 32 * MIB
_LARGEST_FILE_BYTES: Final = 1024 * MIB
_PAGES: Final = ("text/html", "application/vnd.pypi.simple", "application/json")
_TIMEOUT_SECONDS: Final = 60.0


@dataclass(frozen=True)
class BuildIndex:
    """The operator's index, by the address of its simple pages; it may carry a name and password."""

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        plain = not (parts.query or parts.fragment) and _PATH.fullmatch(parts.path or "/")
        if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
            raise errors.InvalidSpec("The package index is an http or https address without a query.")

    @property
    def origin(self) -> str:
        """Scheme, host and port, without name and password."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def credentials(self) -> tuple[str, str] | None:
        """Name and password, None without any."""
        parts = urlsplit(self.url)
        return (parts.username, parts.password or "") if parts.username else None

    @property
    def opening(self) -> tuple[str, ...]:
        """What tells the installers in a build where to look. None of it stays in the image."""
        address = f"{LOCAL}{urlsplit(self.url).path or '/'}"
        return (
            f"ARG PIP_INDEX_URL={address}",
            "ARG PIP_TRUSTED_HOST=127.0.0.1",
            "ARG PIP_DISABLE_PIP_VERSION_CHECK=1",
            f"ARG UV_DEFAULT_INDEX={address}",
        )


@contextmanager
def reachable(engine: Engine, index: BuildIndex, *, name: str, owner_id: str, image: str) -> Iterator[str]:
    """The network of a build whose steps reach the index; it goes when the block ends.

    Raises NotPermitted when this process may not listen in a container's network, and what `Engine.prepare` raises.
    """
    spec = ContainerSpec(name=name, image=image, run_id=owner_id, stage="build", limits=Limits(memory_bytes=32 * MIB))
    with engine.prepare(spec) as holder:
        relay = _Relay(holder.listen(PORT), index)
        threading.Thread(target=relay.serve_forever, name="hive-index", daemon=True).start()
        try:
            yield f"container:{holder.container_id}"
        finally:
            relay.shutdown()
            relay.server_close()


class _Relay(ThreadingHTTPServer):
    """Serves on a socket that somebody else has opened."""

    daemon_threads = True

    def __init__(self, listener: socket, index: BuildIndex) -> None:
        super().__init__(("127.0.0.1", PORT), _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.index = index
        self.upstream = httpx.Client(timeout=_TIMEOUT_SECONDS, auth=index.credentials, follow_redirects=False)

    def server_close(self) -> None:
        """Close the connections to the index too."""
        super().server_close()
        self.upstream.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A step that hangs up is its own business."""


class _Handler(BaseHTTPRequestHandler):
    """One read by a step of a build."""

    server: _Relay
    timeout: ClassVar[float] = _TIMEOUT_SECONDS

    def do_GET(self) -> None:
        """Pass a read on. What is not a plain path below the index's origin does not leave."""
        path = self.path.partition("?")[0].partition("#")[0]
        if len(path) > 1024 or not _PATH.fullmatch(path) or ".." in path.split("/"):
            self.send_error(HTTPStatus.FORBIDDEN)
            return
        headers = {name: self.headers[name] for name in _PASSED_ON if self.headers[name]}
        headers["Accept-Encoding"] = "identity"
        try:
            with self.server.upstream.stream("GET", f"{self.server.index.origin}{path}", headers=headers) as answer:
                self._pass_back(answer)
        except httpx.HTTPError:
            self.close_connection = True
            self.send_error(HTTPStatus.BAD_GATEWAY)

    def log_message(self, format: str, *arguments: Any) -> None:
        """What a build asks for is not ours to write down."""

    def _pass_back(self, answer: httpx.Response) -> None:
        kind = answer.headers.get("Content-Type", "")
        self.send_response(answer.status_code)
        for name in _PASSED_BACK:
            if name in answer.headers:
                self.send_header(name, answer.headers[name])
        location = answer.headers.get("Location", "")
        if location:
            self.send_header("Location", location.replace(self.server.index.origin, LOCAL))
        self.send_header("Connection", "close")
        self.end_headers()
        if kind.startswith(_PAGES):
            page = b"".join(_limited(answer, _LARGEST_PAGE_BYTES))
            self.wfile.write(page.replace(self.server.index.origin.encode(), LOCAL.encode()))
            return
        for part in _limited(answer, _LARGEST_FILE_BYTES):
            self.wfile.write(part)


def _limited(answer: httpx.Response, largest: int) -> Iterator[bytes]:
    total = 0
    for part in answer.iter_bytes(64 * 1024):
        total += len(part)
        if total > largest:
            raise httpx.ReadError("too large")
        yield part
