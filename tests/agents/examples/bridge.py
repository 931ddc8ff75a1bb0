"""A bridge without a room, and a way to run an agent's file against it as a plain process."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[3]
EXAMPLES = REPOSITORY / "agents" / "examples"
FIXTURES = REPOSITORY / "tests" / "fixtures" / "agents"
TOKEN = "session-token-of-the-test"

Tool = Callable[[dict[str, Any]], Any]


@dataclass
class FakeBridge:
    """Answers tools from callables: a callable's value becomes the tool's JSON result."""

    tools: dict[str, Tool] = field(default_factory=dict)
    verify: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    connections: set[tuple[str, int]] = field(default_factory=set)
    url: str = ""

    def answer(self, path: str, body: Any) -> tuple[int, Any]:
        """Status and JSON value for a request."""
        if path == "/tools":
            return 200, [{"type": "function", "function": {"name": name}} for name in self.tools]
        if path == "/sandbox/verify_scope_fn" and self.verify is not None:
            return 200, self.verify(body)
        name = path.removeprefix("/tools/")
        if name not in self.tools:
            return 200, {"result": "", "error": f"unknown tool {name}"}
        return 200, {"result": json.dumps(self.tools[name](body["arguments"])), "error": None}


def _handler(bridge: FakeBridge) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._reply(None)

        def do_POST(self) -> None:
            self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _reply(self, body: Any) -> None:
            bridge.connections.add(self.client_address)
            bridge.requests.append((self.command, self.path, body))
            status, value = bridge.answer(self.path, body)
            if self.headers["Authorization"] != f"Bearer {TOKEN}":
                status, value = 401, {"detail": "Invalid session token"}
            raw = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serving(bridge: FakeBridge, listener: socket.socket | None = None) -> Iterator[FakeBridge]:
    """The bridge, listening on this machine, or on the ``listener`` that is given."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(bridge), bind_and_activate=listener is None)
    server.daemon_threads = True
    if listener is not None:
        server.socket.close()
        server.socket = listener
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    bridge.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield bridge
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run_agent(agent: Path, bridge: FakeBridge | None = None, **inputs: str) -> "subprocess.CompletedProcess[str]":
    """Run ``agent``'s agent.py with the SDK importable and nothing else in its environment."""
    env = {"PYTHONPATH": str(REPOSITORY / "agents" / "sdk"), "PATH": os.environ["PATH"], "PYTHONUTF8": "1"}
    env |= {"PYTHONDONTWRITEBYTECODE": "1", "SESSION_TOKEN": TOKEN} | inputs
    if bridge is not None:
        env["BRIDGE_URL"] = bridge.url
    return subprocess.run(
        [sys.executable, str(agent / "agent.py")], env=env, capture_output=True, text=True, timeout=60, check=False
    )
