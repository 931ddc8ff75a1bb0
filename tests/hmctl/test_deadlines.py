"""A call ends at its deadline, over TLS as in the clear, whatever the other side makes of its time."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from hmctl import services
from hmctl.client.transport import Call, Transport, Upload
from hmctl.errors import TimedOut, TransportFailed
from hmctl.secret import Secret
from tests.hmctl.secured import Authority

SECRET = Secret("hmk_" + "s" * 43)
SECONDS = 0.6
Peer = Callable[[Callable[[socket.socket, threading.Event], None]], Transport]


@pytest.fixture(params=["https", "http"])
def peer(request: pytest.FixtureRequest, authority: Authority) -> Iterator[Peer]:
    """Makes a service of one connection that behaves as it is told, and a client for it."""
    stop, opened = threading.Event(), list[Transport]()
    shown = authority.issue(vouched=False)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(behave: Callable[[socket.socket, threading.Event], None]) -> None:
            with suppress(OSError):
                accepted, _ = listener.accept()
                if request.param == "https":
                    accepted = shown.context.wrap_socket(accepted, server_side=True)
                with accepted:
                    behave(accepted, stop)

        def make(behave: Callable[[socket.socket, threading.Event], None]) -> Transport:
            threading.Thread(target=serve, args=(behave,), daemon=True).start()
            address = f"{request.param}://127.0.0.1:{listener.getsockname()[1]}"
            opened.append(Transport(services.parse(address)))
            return opened[0]

        yield make
        stop.set()
        for transport in opened:
            transport.close()


def _drip(start: bytes, piece: bytes = b"x") -> Callable[[socket.socket, threading.Event], None]:
    def behave(connection: socket.socket, stop: threading.Event) -> None:
        connection.recv(65536)
        connection.sendall(start)
        while not stop.wait(0.05):
            connection.sendall(piece)

    return behave


def _within_the_deadline(transport: Transport, call: Call) -> None:
    with pytest.raises(TimedOut, match=r"within 0\.6 s"):
        transport.send(call)


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
DRIPS = {
    "the status": (b"HTTP/1.1 ", b"2"),
    "one header": (HEAD + b"X-Slow: ", b"x"),
    "many headers": (HEAD, b"X-Slow: x\r\n"),
    "interim answers": (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "the body": (HEAD + b"Content-Length: 100000\r\n\r\n", b" "),
    "chunks": (CHUNKED, b"1\r\n \r\n"),
    "the size of a chunk": (CHUNKED, b"0"),
    "what follows the body": (CHUNKED + b"0\r\n", b"X-Slow: x\r\n"),
}


@pytest.mark.parametrize("name", DRIPS)
def test_an_answer_that_drips_in_ends_at_the_deadline(name: str, peer: Peer) -> None:
    transport = peer(_drip(*DRIPS[name]))

    _within_the_deadline(transport, Call("GET", "/v1/healthz", SECONDS, bearer=SECRET))


def test_a_service_that_does_not_read_ends_an_upload_at_the_deadline(peer: Peer) -> None:
    def barely_read(connection: socket.socket, stop: threading.Event) -> None:
        while not stop.wait(0.05):
            connection.recv(1024)

    transport = peer(barely_read)
    upload = Upload("agent.tar.gz", bytes(32 * 1024 * 1024))

    _within_the_deadline(transport, Call("POST", "/v1/room-agents", SECONDS, form={"name": "x"}, upload=upload))


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b"X-Long: " + b"x" * 10_000_000 + b"\r\n\r\n",
        HEAD + b"X-Many: x\r\n" * 1_000_000 + b"\r\n",
        b"HTTP/1.1 200 " + b"x" * 10_000_000 + b"\r\n\r\n",
        CHUNKED + b"1;" + b"x" * 10_000_000 + b"\r\n",
    ],
    ids=["one long header", "many headers", "a long reason", "a long chunk extension"],
)
def test_ten_megabytes_of_headers_are_no_answer(answer: bytes, peer: Peer) -> None:
    def behave(connection: socket.socket, stop: threading.Event) -> None:
        connection.recv(65536)
        with suppress(OSError):
            connection.sendall(answer)

    transport = peer(behave)

    with pytest.raises(TransportFailed) as failed:
        transport.send(Call("GET", "/v1/healthz", 10.0, bearer=SECRET))
    assert not isinstance(failed.value, TimedOut)
    assert len(failed.value.message) < 200
