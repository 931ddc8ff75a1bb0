"""What an agent does to its bridge with all its strength, told as what came back."""

import http.client
import json
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlsplit

from tests.hostile.agent.trying import Attempt, Steps

_PLACE = urlsplit(os.environ.get("BRIDGE_URL", "http://127.0.0.1:8787"))
_TOKEN = os.environ.get("SESSION_TOKEN", "")
_HEAD = f"Host: b\r\nAuthorization: Bearer {_TOKEN}\r\n"


def _connected(seconds: float = 10.0) -> socket.socket:
    return socket.create_connection((_PLACE.hostname or "", _PLACE.port or 0), timeout=seconds)


def _call(path: str = "/tools/echo", body: bytes = b'{"arguments": {}}', method: str = "POST") -> int:
    connection = http.client.HTTPConnection(_PLACE.hostname or "", _PLACE.port, timeout=20)
    connection.request(method, path, body=body, headers={"Authorization": f"Bearer {_TOKEN}"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def sent(content: bytes, *, seconds: float = 10.0) -> str:
    """What the bridge answered to these bytes, whatever they are: the first line, or how it ended."""
    try:
        with _connected(seconds) as connection:
            connection.sendall(content)
            return connection.recv(65536).split(b"\r\n", 1)[0].decode("latin-1") or "CLOSED"
    except TimeoutError:
        return "SILENT"
    except OSError:
        return "CLOSED"


def _lives() -> str:
    try:
        return f"LIVES {_call()}"
    except OSError as error:
        return f"DEAD {error!r}"


def _post(head: str, body: bytes = b"") -> bytes:
    return f"POST /tools/echo HTTP/1.1\r\n{_HEAD}{head}\r\n".encode() + body


def _many(do: Callable[[], object], *, threads: int, each: int) -> Counter[str]:
    told: Counter[str] = Counter()

    def work() -> None:
        for _ in range(each):
            try:
                told[str(do())] += 1
            except OSError as error:
                told[type(error).__name__] += 1

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return told


def _kept_open_calls() -> Counter[str]:
    told: Counter[str] = Counter()
    connection = http.client.HTTPConnection(_PLACE.hostname or "", _PLACE.port, timeout=20)
    for _ in range(250):
        headers = {"Authorization": f"Bearer {_TOKEN}"}
        connection.request("POST", "/tools/echo", body=b'{"arguments": {}}', headers=headers)
        answer = connection.getresponse()
        answer.read()
        told[str(answer.status)] += 1
    return told


def thousands_of_calls() -> Steps:
    """Two thousand tool calls over eight connections: all are answered, and counted outside."""
    totals: Counter[str] = Counter()
    workers = [threading.Thread(target=lambda: totals.update(_kept_open_calls())) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {"calls": json.dumps(totals), "after": _lives()}


def connections_without_end() -> Steps:
    """A new connection for each of many calls at once."""
    told = _many(lambda: _call("/health", b"", "GET"), threads=24, each=20)
    return {"statuses": ",".join(sorted(told)), "after": _lives()}


def half_open_connections() -> Steps:
    """Two hundred connections that say half a word; the bridge turns the rest away and lives on."""
    kept = []
    for _ in range(200):
        try:
            connection = _connected(1.0)
            connection.sendall(b"POST /tools/echo HTTP/1.1\r\nHost:")
            kept.append(connection)
        except OSError:
            break
    time.sleep(0.3)
    turned_away = 0
    for connection in kept:
        connection.setblocking(False)
        try:
            turned_away += connection.recv(100)[:12] in (b"HTTP/1.1 503", b"")
        except BlockingIOError:
            continue
        except OSError:
            turned_away += 1
    for connection in kept:
        connection.close()
    time.sleep(0.3)
    return {"turned away": str(turned_away), "after": _lives()}


def huge_bodies() -> Steps:
    """Bodies that are larger than any may be, announced and not."""
    announced = sent(_post(f"Content-Length: {1 << 40}\r\n"))
    megabyte = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
    grown = sent(_post("Transfer-Encoding: chunked\r\n", megabyte * 12))
    return {"announced": announced, "grown": grown, "after": _lives()}


def many_large_bodies() -> Steps:
    """Large bodies from many sides at once, each within the limit."""
    body = json.dumps({"arguments": {"text": "x" * (1 << 20)}}).encode()
    told = _many(lambda: _call(body=body), threads=6, each=2)
    return {"statuses": ",".join(sorted(told)), "after": _lives()}


def slow_bodies() -> Steps:
    """A body that never comes."""
    return {"given up": sent(_post("Content-Length: 100\r\n", b"{"), seconds=8), "after": _lives()}


def slow_heads() -> Steps:
    """A head that never ends, a byte at a time."""
    began = time.monotonic()
    with _connected() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nX-Slow: ")
        try:
            while time.monotonic() - began < 8:
                connection.sendall(b"x")
                time.sleep(0.05)
            ended = "STAYED"
        except OSError:
            ended = "CLOSED"
    return {"ended": ended, "after": _lives()}


def pipelining() -> Steps:
    """Three hundred requests before the first answer is read."""
    request = f"GET /tools HTTP/1.1\r\n{_HEAD}\r\n".encode()
    answered = b""
    with _connected() as connection:
        connection.sendall(request * 300)
        connection.settimeout(3)
        try:
            while answered.count(b"HTTP/1.1 200") < 300 and (piece := connection.recv(65536)):
                answered += piece
        except OSError:
            pass
    return {"answers": str(answered.count(b"HTTP/1.1 200")), "after": _lives()}


def answers_nobody_reads() -> Steps:
    """Large answers that are asked for and left in the pipe."""
    body = json.dumps({"arguments": {"text": "x" * (1 << 20)}}).encode()
    kept = []
    for _ in range(12):
        connection = _connected()
        connection.sendall(_post(f"Content-Length: {len(body)}\r\n", body))
        kept.append(connection)
    time.sleep(1.0)
    told = _lives()
    for connection in kept:
        connection.close()
    return {"meanwhile": told, "after": _lives()}


def header_bombs() -> Steps:
    """Many headers, a long one, long names, and one that repeats."""
    return {
        "one long": sent(_post("X-Long: " + "x" * 200_000 + "\r\n")),
        "many": sent(_post("".join(f"X-{n}: {'y' * 500}\r\n" for n in range(20_000)))),
        "long name": sent(_post("X" * 100_000 + ": 1\r\n")),
        "long path": sent(f"GET /{'p' * 100_000} HTTP/1.1\r\n{_HEAD}\r\n".encode()),
        "after": _lives(),
    }


_CHUNKED = {
    "size that is no number": b"ZZ\r\n{}\r\n0\r\n\r\n",
    "negative size": b"-5\r\nhello\r\n0\r\n\r\n",
    "size with a sign": b"+2\r\n{}\r\n0\r\n\r\n",
    "size with an x": b"0x2\r\n{}\r\n0\r\n\r\n",
    "size beyond all": b"FFFFFFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n",
    "size that lies": b"1\r\n{}\r\n0\r\n\r\n",
    "endless extension": b"2;" + b"x" * 200_000,
    "endless size": b"0" * 200_000,
}


def chunked_tricks() -> Steps:
    """Chunks as no client sends them."""
    told = {name: sent(_post("Transfer-Encoding: chunked\r\n", body)) for name, body in _CHUNKED.items()}
    return told | {"after": _lives()}


def smuggled_requests() -> Steps:
    """Two lengths for one body, so that a second request hides in the first."""
    hidden = f"GET /sandbox/simulate HTTP/1.1\r\n{_HEAD}\r\n".encode()
    both = f"Content-Length: {len(hidden) + 5}\r\nTransfer-Encoding: chunked\r\n"
    return {
        "length and chunks": sent(_post(both, b"0\r\n\r\n" + hidden)),
        "two lengths": sent(_post("Content-Length: 2\r\nContent-Length: 100\r\n", b"{}")),
        "folded header": sent(_post("Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n")),
        "odd coding": sent(_post("Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n")),
        "space before the colon": sent(_post("Content-Length : 2\r\n", b"{}")),
        "after": _lives(),
    }


def other_protocols() -> Steps:
    """The first bytes of what is not HTTP/1.1."""
    upgrade = "Connection: Upgrade\r\nUpgrade: {}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n"
    get = f"GET /tools HTTP/1.1\r\n{_HEAD}".encode()
    return {
        "second version": sent(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\x04\0\0\0\0\0"),
        "upgrade to it": sent(
            get + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n"
        ),
        "websocket": sent(get + upgrade.format("websocket", "AAAAAAAAAAAAAAAAAAAAAA==").encode() + b"\r\n"),
        "tls": sent(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"r" * 500, seconds=4),
        "ninth version": sent(b"GET /tools\r\n\r\n"),
        "tunnel": sent(f"CONNECT 169.254.169.254:80 HTTP/1.1\r\n{_HEAD}\r\n".encode()),
        "another database": sent(b"\x00\x00\x00\x08\x04\xd2\x16\x2f" + b"\r\n" * 4, seconds=4),
        "another store": sent(b"*1\r\n$7\r\nCONFIG\r\n", seconds=4),
        "after": _lives(),
    }


def budget_from_many_sides() -> Steps:
    """Model calls at once from everywhere: no more are made than the budget has, which is counted outside."""
    body = json.dumps({"messages": [{"role": "user", "content": "?"}], "max_tokens": 5}).encode()
    told = _many(lambda: _call("/v1/chat/completions", body), threads=16, each=4)
    return {"statuses": json.dumps(told), "after": _lives()}


ATTEMPTS: dict[str, Attempt] = {
    do.__name__.replace("_", "-"): do
    for do in (
        thousands_of_calls,
        connections_without_end,
        half_open_connections,
        huge_bodies,
        many_large_bodies,
        slow_bodies,
        slow_heads,
        pipelining,
        answers_nobody_reads,
        header_bombs,
        chunked_tricks,
        smuggled_requests,
        other_protocols,
        budget_from_many_sides,
    )
}
