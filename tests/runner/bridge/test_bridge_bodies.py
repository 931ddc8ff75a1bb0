"""Bodies that are malformed, too large, too slow or too deep."""

from __future__ import annotations

import gzip
import json
import socket
import time

import pytest

from runner.bridge.limits import BridgeLimits

POST = "POST /tools/echo HTTP/1.1\r\nHost: b\r\nAuthorization: Bearer {token}\r\n"


def _raw(room, head: str, body: bytes = b"", *, timeout: float = 10.0) -> bytes:
    with socket.create_connection(("127.0.0.1", room.port), timeout=timeout) as sock:
        sock.sendall((POST.format(token=room.session.token) + head + "\r\n").encode() + body)
        return sock.recv(65536)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe{}",
        b"{'a': 1}",
        b'{"arguments": NaN}',
        b'{"arguments": -Infinity}',
        b"[" * 100_000,
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"arguments": ' + b"9" * 5_000 + b"}",
        b"",
        b"[]",
        b'"text"',
        b"null",
        b'{"arguments": null}',
        b'{"arguments": []}',
        b'{"arguments": "sql"}',
    ],
)
def test_a_malformed_body_is_described_as_fastapi_does(open_room, body):
    answer = open_room().client.post("/tools/echo", content=body)
    assert answer.status_code == 422
    for problem in answer.json()["detail"]:
        assert set(problem) == {"type", "loc", "msg"}
        assert problem["loc"][0] == "body"


def test_a_body_above_the_limit_is_refused_by_its_announced_length(open_room):
    room = open_room()
    answer = _raw(room, f"Content-Length: {8 * 1024 * 1024 + 1}\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_a_body_that_grows_above_the_limit_is_refused(open_room):
    room = open_room()

    def chunks():
        for _ in range(9):
            yield b" " * (1024 * 1024)

    answer = room.client.post("/tools/echo", content=chunks())
    assert (answer.status_code, answer.json()) == (413, {"detail": "The request body is too large"})


def test_a_body_just_within_the_limit_is_taken(open_room, make_tools):
    room = open_room(tools=make_tools({"length": lambda text: str(len(text))}))
    frame = len(json.dumps({"arguments": {"text": ""}}))
    text = "x" * (8 * 1024 * 1024 - frame)
    answer = room.client.post("/tools/length", content=json.dumps({"arguments": {"text": text}}))
    assert answer.json()["result"] == str(len(text))


def test_a_body_that_unfolds_into_too_many_objects_is_refused(open_room):
    answer = open_room().client.post("/tools/echo", content=b"[" + b"{}," * 300_000 + b"{}]")
    assert (answer.status_code, answer.json()) == (413, {"detail": "The request body has too many parts"})


def test_a_compressed_body_is_refused_unread(open_room):
    bomb = gzip.compress(b"0" * 50_000_000)
    answer = open_room().client.post("/tools/echo", content=bomb, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_broken_chunks_are_a_bad_request_and_the_stage_lives_on(open_room):
    room = open_room()
    answer = _raw(room, "Transfer-Encoding: chunked\r\n", b"ZZZ\r\n{}\r\n0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert room.client.post("/tools/echo", json={}).status_code == 200


class TestImpatience:
    @pytest.fixture
    def limits(self):
        return BridgeLimits(body_seconds=0.3, header_seconds=0.3, keepalive_seconds=0.4, max_connections=8)

    def test_a_body_that_dribbles_is_given_up(self, open_room):
        room = open_room()
        answer = _raw(room, "Content-Length: 100\r\n", b'{"argu')
        assert answer.startswith(b"HTTP/1.1 408 ")

    def test_a_connection_that_says_nothing_is_closed(self, open_room):
        room = open_room()
        with socket.create_connection(("127.0.0.1", room.port), timeout=5) as sock:
            started = time.monotonic()
            assert _closed(sock)
            assert time.monotonic() - started < 3

    def test_headers_that_dribble_do_not_hold_a_connection(self, open_room):
        room = open_room()
        with socket.create_connection(("127.0.0.1", room.port), timeout=5) as sock:
            sock.sendall(b"GET /health HTTP/1.1\r\nX-One: 1\r\n")
            time.sleep(0.2)
            sock.sendall(b"X-Two: 2\r\n")
            assert _closed(sock)

    def test_a_second_request_that_dribbles_does_not_hold_a_connection(self, open_room):
        room = open_room()
        with socket.create_connection(("127.0.0.1", room.port), timeout=5) as sock:
            sock.sendall(b"GET /health HTTP/1.1\r\nHost: b\r\n\r\n")
            assert sock.recv(65536).startswith(b"HTTP/1.1 200")
            sock.sendall(b"GET /health HTTP/1.1\r\nX-One:")
            assert _closed(sock)

    def test_connections_above_the_limit_are_turned_away_until_others_close(self, open_room):
        room = open_room()
        held = [socket.create_connection(("127.0.0.1", room.port), timeout=5) for _ in range(8)]
        time.sleep(0.1)
        with socket.create_connection(("127.0.0.1", room.port), timeout=5) as sock:
            assert sock.recv(65536).startswith(b"HTTP/1.1 503 ")
        for sock in held:
            sock.close()
        time.sleep(0.1)
        assert room.client.get("/health").status_code == 200

    def test_slow_connections_to_one_stage_do_not_stop_another(self, open_room):
        slow, quick = open_room(), open_room(token="bobs-session-token-0123456789abcdef")
        held = [socket.create_connection(("127.0.0.1", slow.port), timeout=5) for _ in range(60)]
        for sock in held[:8]:
            sock.sendall(b"POST /tools/echo HTTP/1.1\r\nHost: ")
        started = time.monotonic()
        assert quick.client.post("/tools/echo", json={}).status_code == 200
        assert time.monotonic() - started < 0.5
        for sock in held:
            sock.close()


def test_huge_headers_are_refused_and_stop_nobody(open_room):
    room, other = open_room(), open_room(token="bobs-session-token-0123456789abcdef")
    answer = _raw(room, "X-Junk: " + "j" * 100_000 + "\r\n")
    assert answer.startswith(b"HTTP/1.0 400 ")
    with socket.create_connection(("127.0.0.1", room.port), timeout=5) as sock:
        sock.sendall(b"GET /health HTTP/1.1\r\n")
        try:
            for index in range(20_000):
                sock.sendall(b"X-%d: %s\r\n" % (index, b"j" * 1000))
        except OSError:
            pass
    assert room.client.get("/health").status_code == 200
    assert other.client.post("/tools/echo", json={}).status_code == 200


def test_garbage_is_not_logged_and_does_not_end_the_stage(open_room, caplog):
    room = open_room()
    for garbage in (b"\x16\x03\x01secret-row\r\n\r\n", b"GET secret-row HTTP/9.9\r\n\r\n", b"secret-row\r\n" * 5):
        with socket.create_connection(("127.0.0.1", room.port), timeout=5) as sock:
            sock.sendall(garbage)
            sock.recv(65536)
    assert room.client.get("/health").status_code == 200
    assert "secret-row" not in caplog.text


def _closed(sock: socket.socket) -> bool:
    try:
        while True:
            if not sock.recv(65536):
                return True
    except ConnectionResetError:
        return True
