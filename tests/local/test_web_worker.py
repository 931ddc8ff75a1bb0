"""Slow clients: each gets its time, and then its thread back to the others."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hivemind import web_worker
from hivemind.local.checkout import ROOT

THREADS = 2
SETTINGS = """
import hivemind.web_worker as web_worker
web_worker.HEAD_SECONDS = {head}
web_worker.REQUEST_SECONDS = {request}
web_worker.TICK_SECONDS = 0.1
worker_class = "hivemind.web_worker.DeadlineWorker"
workers, threads = 1, {threads}
control_socket_disable = True
"""


def serving(folder: Path, *, head: float, request: float) -> Iterator[Path]:
    """The address of a server with these bounds."""
    address, settings = folder / "web.sock", folder / "settings.py"
    settings.write_text(SETTINGS.format(head=head, request=request, threads=THREADS))
    command = [sys.executable, "-m", "gunicorn", "--config", str(settings), "--bind", f"unix:{address}"]
    process = subprocess.Popen([*command, "--log-level", "error", "tests.local.hello:application"], cwd=ROOT)
    try:
        until = time.monotonic() + 60
        while not _answers(address):
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def hurried(tmp_path: Path) -> Iterator[Path]:
    """A server that waits for nothing."""
    yield from serving(tmp_path, head=0.5, request=1.0)


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Path]:
    """A server with the usual patience for what has begun, and none for heads."""
    yield from serving(tmp_path, head=0.5, request=300.0)


class OverSocket(http.client.HTTPConnection):
    """HTTP over a socket in the file system."""

    def __init__(self, address: Path) -> None:
        super().__init__("localhost", timeout=20)
        self.sock = connected(address)


def connected(address: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(20)
    made.connect(os.fspath(address))
    return made


def _answers(address: Path) -> bool:
    try:
        return ask(address) == b"0"
    except OSError:
        return False


def ask(address: Path, body: bytes = b"") -> bytes:
    connection = OverSocket(address)
    try:
        connection.request("POST", "/", body)
        return connection.getresponse().read()
    finally:
        connection.close()


def no_head(connection: socket.socket) -> None:
    connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")


def no_body(connection: socket.socket) -> None:
    connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nfive.")


def no_reader(connection: socket.socket) -> None:
    connection.sendall(b"GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n")


@pytest.mark.parametrize("holds_up", [no_head, no_body, no_reader])
def test_whoever_holds_every_thread_loses_them(hurried: Path, holds_up: Callable[[socket.socket], None]) -> None:
    slow = [connected(hurried) for _ in range(THREADS)]
    for connection in slow:
        holds_up(connection)
    time.sleep(0.2)
    assert ask(hurried, b"hello") == b"5"
    for connection in slow:
        connection.close()


def test_a_head_that_drips_is_given_up_all_the_same(patient: Path) -> None:
    with connected(patient) as connection:
        no_head(connection)
        begun = time.monotonic()
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while time.monotonic() < begun + 20:
                connection.sendall(b"x")
                time.sleep(0.05)


def test_a_body_may_take_longer_than_a_head(patient: Path) -> None:
    connection = OverSocket(patient)
    connection.putrequest("POST", "/")
    connection.putheader("Content-Length", "4")
    connection.endheaders()
    for _ in range(4):
        time.sleep(0.3)
        connection.send(b"x")
    assert connection.getresponse().read() == b"4"
    connection.close()


def test_a_kept_connection_is_given_its_time_anew(patient: Path) -> None:
    connection = OverSocket(patient)
    for _ in range(4):
        connection.request("POST", "/", b"abc")
        assert connection.getresponse().read() == b"3"
        time.sleep(0.4)
    connection.close()


@pytest.mark.parametrize(("length", "announced"), [("5", 5), ("9" * 19, web_worker.LARGEST_BYTES), ("-1", 0), ("x", 0)])
def test_only_a_length_that_is_one_gives_more_time(length: str, announced: int) -> None:
    assert web_worker._announced_bytes([("HOST", "a"), ("CONTENT-LENGTH", length)]) == announced
