"""Ending TLS: what a client meets on the connection, and what nobody finds on the disk."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from attestation.evidence.enclave_tls import enclave_certificate
from hivemind import tls

CERTIFICATE = enclave_certificate(b"k" * 32)
CONTEXT = tls.server_context(CERTIFICATE)
Act = Callable[[ssl.SSLSocket], None]


@contextmanager
def server(act: Act) -> Iterator[tuple[socket.socket, list[BaseException]]]:
    """A connection whose other end does `act` after the handshake; what it raised."""
    ours, theirs = socket.socketpair()
    raised: list[BaseException] = []

    def serve() -> None:
        wrapped = CONTEXT.wrap_socket(theirs, server_side=True, do_handshake_on_connect=False)
        with wrapped:
            try:
                wrapped.do_handshake()
                act(wrapped)
            except (OSError, ssl.SSLError) as error:
                raised.append(error)

    thread = threading.Thread(target=serve)
    thread.start()
    with ours:
        yield ours, raised
    thread.join(20)
    assert not thread.is_alive()


def client(connection: socket.socket, **bounds: ssl.TLSVersion) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for name, version in bounds.items():
        setattr(context, name, version)
    return context.wrap_socket(connection)


def greet(connection: ssl.SSLSocket) -> None:
    connection.sendall(connection.recv(5))


@pytest.mark.parametrize("version", ["TLSv1.3", "TLSv1.2"])
def test_the_certificate_is_shown_and_nothing_is_resumed(version: str) -> None:
    bound = {"maximum_version": ssl.TLSVersion.TLSv1_2} if version == "TLSv1.2" else {}
    with server(greet) as (connection, raised), client(connection, **bound) as wrapped:
        assert wrapped.getpeercert(binary_form=True) == CERTIFICATE.der
        wrapped.sendall(b"hello")
        assert wrapped.recv(5) == b"hello"
        assert wrapped.version() == version
        assert wrapped.session is None or not wrapped.session.has_ticket
    assert raised == []


def test_older_versions_are_refused() -> None:
    assert CONTEXT.minimum_version == ssl.TLSVersion.TLSv1_2
    names = [cipher["name"] for cipher in CONTEXT.get_ciphers() if cipher["protocol"] == "TLSv1.2"]
    assert names
    assert all(name.startswith("ECDHE-ECDSA-") and ("GCM" in name or "POLY1305" in name) for name in names)


def test_a_silent_handshake_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "HANDSHAKE_SECONDS", 0.2)
    with server(greet) as (connection, raised):
        connection.sendall(b"\x16\x03\x01")
        connection.settimeout(10)
        assert connection.recv(1) == b""
    assert [type(error) for error in raised] == [ConnectionResetError]


def test_a_silent_request_is_given_up_and_a_callers_own_time_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "SILENCE_SECONDS", 0.3)
    waited: list[type[BaseException]] = []

    def wait(connection: ssl.SSLSocket) -> None:
        connection.settimeout(0.1)
        try:
            connection.recv(1)
        except TimeoutError as error:
            waited.append(type(error))
        connection.setblocking(True)
        connection.recv(1)

    with server(wait) as (connection, raised), client(connection) as wrapped:
        wrapped.settimeout(10)
        assert wrapped.recv(1) == b""
    assert [type(error) for error in raised] == [ConnectionResetError]
    assert waited == [TimeoutError]


def test_to_block_on_a_closed_connection_is_no_error() -> None:
    left, right = socket.socketpair()
    wrapped = CONTEXT.wrap_socket(left, server_side=True, do_handshake_on_connect=False)
    wrapped.close()
    wrapped.setblocking(True)
    right.close()


def test_the_key_is_in_no_file_and_no_descriptor_stays_open_on_it() -> None:
    before = set(Path("/proc/self/fd").iterdir())
    tls.server_context(CERTIFICATE)
    assert len(set(Path("/proc/self/fd").iterdir()) - before) == 0
    shown = tls.CertificateFile(CERTIFICATE)
    assert Path(shown.path).read_text() == CERTIFICATE.pem
