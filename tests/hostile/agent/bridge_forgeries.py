"""What an agent tells its bridge about itself that is not true."""

import functools
import os
import secrets
import socket
import time
from collections import Counter

from tests.hostile.agent.bridge_floods import _connected, sent
from tests.hostile.agent.trying import DONE, Attempt, Steps

TOKEN = os.environ.get("SESSION_TOKEN", "")
NEIGHBOUR = os.environ.get("NEIGHBOURS_TOKEN", "")
_PORTS = os.environ.get("NEIGHBOURS_PORTS", "8788")
_FOREIGN = (
    "POST /sandbox/simulate",
    "POST /sandbox/simulate_batch",
    "POST /sandbox/verify_scope_fn",
    "POST /sandbox/verify_row_policies",
    "GET /sandbox/agents/0123456789ab/files",
    "GET /sandbox/agents/0123456789ab/files/agent.py",
    "GET /sandbox/artifacts",
    "POST /sandbox/artifacts/a.txt/withhold",
    "POST /sandbox/artifacts/a.txt/replace",
    "POST /sandbox/artifact-upload",
    "POST /sandbox/report-artifact",
)
_WITHOUT = {
    "host-of-the-bridge": "Host: 127.0.0.1:8787",
    "origin-of-the-bridge": "Origin: http://127.0.0.1:8787",
    "forwarded-for": "X-Forwarded-For: 127.0.0.1\r\nForwarded: for=127.0.0.1",
    "forwarded-user": "X-Remote-User: admin\r\nX-Hivemind-Role: scope",
    "cookie": f"Cookie: session={TOKEN}",
    "basic-password": f"Authorization: Basic {TOKEN}",
    "bare-token": f"Authorization: {TOKEN}",
    "another-header": f"X-Session-Token: {TOKEN}\r\nApi-Key: {TOKEN}",
    "neighbours-token": f"Authorization: Bearer {NEIGHBOUR}",
    "neighbours-key": f"x-api-key: {NEIGHBOUR}",
    "token-cut-short": f"Authorization: Bearer {TOKEN[:-1]}",
    "token-and-more": f"Authorization: Bearer {TOKEN}x",
    "token-in-other-letters": f"Authorization: Bearer {TOKEN.swapcase()}",
    "empty-token": "Authorization: Bearer ",
    "token-with-a-nul": f"Authorization: Bearer {TOKEN[:8]}\0",
    "token-for-sql": "Authorization: Bearer ' OR 1=1 --",
}


def _status(line: str) -> str:
    """The refusal as the test knows it; anything else is a success of the forger."""
    words = line.split(" ")
    if len(words) > 1 and words[1] in ("400", "401", "404", "405"):
        return f"REFUSED {words[1]}"
    return "REFUSED CLOSED" if line == "CLOSED" else f"{DONE} {line}"


def _asked(request: str, *headers: str) -> str:
    named = () if any(header.startswith("Host:") for header in headers) else ("Host: b",)
    lines = "".join(f"{header}\r\n" for header in (*named, *headers))
    head = f"{request} HTTP/1.1\r\n{lines}Content-Length: 2\r\nConnection: close\r\n\r\n"
    return _status(sent(head.encode("latin-1") + b"{}"))


def _without_the_token(headers: str) -> Steps:
    return {request: _asked(request, headers) for request in ("GET /tools", "POST /tools/echo", "POST /llm/chat")}


def _with_the_token(request: str) -> Steps:
    own = f"Authorization: Bearer {TOKEN}"
    return {
        "as it is": _asked(request, own),
        "as another role": _asked(request, own, "X-Hivemind-Role: scope", "AGENT_ROLE: scope"),
        "with another method": _asked(request.replace("POST", "PUT"), own, "X-HTTP-Method-Override: POST"),
        "written in another way": _asked(request.replace("/sandbox", "//sandbox"), own),
        "in escapes": _asked(request.replace("sandbox", "%73andbox"), own),
        "through a path that is its own": _asked(request.replace("/sandbox", "/tools/../sandbox"), own),
        "through an escaped one": _asked(request.replace("/sandbox", "/tools/%2e%2e/sandbox"), own),
    }


def _guessing() -> Steps:
    """A thousand guesses over kept connections, some of them near."""
    told: Counter[str] = Counter()
    with _connected(20) as connection:
        for number in range(1_000):
            guess = secrets.token_urlsafe(32) if number % 2 else TOKEN[: number % len(TOKEN)] + "x" * 9
            connection.sendall(f"GET /tools HTTP/1.1\r\nHost: b\r\nx-api-key: {guess}\r\n\r\n".encode())
            answer = connection.recv(65536)
            told[answer.split(b" ")[1].decode()] += 1
    return {"guesses": "REFUSED 401" if told == {"401": 1_000} else f"{DONE} {told}"}


def _time_tells_nothing() -> Steps:
    """Whether a guess that begins right takes longer than one that does not, beyond what noise explains."""

    def spent(guess: str) -> float:
        with _connected(20) as connection:
            took = []
            for _ in range(150):
                began = time.perf_counter()
                connection.sendall(f"GET /tools HTTP/1.1\r\nHost: b\r\nx-api-key: {guess}\r\n\r\n".encode())
                connection.recv(65536)
                took.append(time.perf_counter() - began)
        return sorted(took)[len(took) // 2]

    near, far = spent(TOKEN[:-1] + "!"), spent("!" * len(TOKEN))
    return {"difference": "REFUSED 401" if abs(near - far) < 0.001 else f"{DONE} {near} {far}"}


def _neighbours_bridge() -> Steps:
    """The bridge of another stage, at every port that it could have, from this network."""
    told = {}
    for port in _PORTS.split(","):
        for host in ("127.0.0.1", "::1", "172.17.0.1", "10.0.0.1"):
            try:
                socket.create_connection((host, int(port)), timeout=0.5).close()
                told[f"{host} {port}"] = f"{DONE} connected"
            except OSError:
                told[f"{host} {port}"] = "REFUSED CLOSED"
    return told


def _second_listener() -> Steps:
    """Takes the bridge's own port on other addresses; what it gets is its own doing, what it must not get is calls."""
    told = {}
    for host in ("127.0.0.1", "0.0.0.0"):
        with socket.socket() as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            try:
                server.bind((host, 8787))
                server.listen()
                told[host] = f"{DONE} listening"
            except OSError:
                told[host] = "REFUSED CLOSED"
    return told


ATTEMPTS: dict[str, Attempt] = {
    **{f"without-token-{name}": functools.partial(_without_the_token, headers) for name, headers in _WITHOUT.items()},
    **{
        f"foreign-{request.split('/', 2)[2].replace('/', '-').replace('_', '-')}": functools.partial(
            _with_the_token, request
        )
        for request in _FOREIGN
    },
    "token-guessing": _guessing,
    "time-tells-nothing": _time_tells_nothing,
    "neighbours-bridge": _neighbours_bridge,
    "second-listener": _second_listener,
}
