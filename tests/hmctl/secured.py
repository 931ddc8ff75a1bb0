"""The lying service behind TLS, one certificate per connection if it likes, and a proxy that leads to it."""

import datetime
import hashlib
import ipaddress
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.hmctl.http_service import Asked, Reply
from tests.hmctl.lying_service import LyingService

REMOTE = "rooms.example"


@dataclass(frozen=True)
class Shown:
    """A certificate as a server shows it."""

    der: bytes
    context: ssl.SSLContext

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.der).digest()


class Authority:
    """Vouches for certificates in the eyes of whoever takes its file for SSL_CERT_FILE."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Authority of the tests")
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        builder = _builder(self._name, self._name, self._key)
        builder = builder.add_extension(x509.BasicConstraints(True, None), True).add_extension(usage, True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(builder.sign(self._key, SHA256()).public_bytes(Encoding.PEM))

    def issue(self, host: str = REMOTE, *, vouched: bool = True) -> Shown:
        """A new certificate for a host; one that is not vouched for signs itself, as an enclave's does."""
        key, name = ec.generate_private_key(ec.SECP256R1()), _name(host)
        names = [x509.DNSName(host), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]
        builder = _builder(name, self._name if vouched else name, key)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        made = builder.sign(self._key if vouched else key, SHA256())
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path = self._folder / f"{made.serial_number}.pem"
        path.write_bytes(made.public_bytes(Encoding.PEM) + private)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return Shown(made.public_bytes(Encoding.DER), context)


class SecuredService(LyingService):
    """Speaks TLS. `choose` tells the certificate of a connection, from 1 on; `closes` ends each after one answer."""

    def __init__(self, shown: Shown) -> None:
        self.choose: Callable[[int], Shown] = lambda number: shown
        self.connections = 0
        self.closes = False
        super().__init__()
        accept = self._server.get_request

        def secured() -> tuple[ssl.SSLSocket, Any]:
            plain, address = accept()
            self.connections += 1
            context = self.choose(self.connections).context
            return context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

        self._server.get_request = secured  # type: ignore[method-assign]
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]

    def respond(self, asked: Asked) -> Reply:
        reply = super().respond(asked)
        return replace(reply, headers=reply.headers | {"Connection": "close"}) if self.closes else reply

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


class ConnectProxy:
    """Leads every CONNECT to one port of this machine; `asked` is what it was told to connect to."""

    def __init__(self, port: int) -> None:
        self.port, self.asked = port, list[str]()
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            rbufsize = 0

            def handle(self) -> None:
                proxy.asked.append(self.rfile.readline().decode().strip())
                while self.rfile.readline().strip():
                    pass
                with socket.create_connection(("127.0.0.1", proxy.port)) as there, suppress(OSError):
                    self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    _join(self.request, there)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _join(one: socket.socket, other: socket.socket) -> None:
    """Passes bytes on in both directions until one side ends."""
    while True:
        for ready in select.select([one, other], [], [], 10.0)[0]:
            data = ready.recv(65536)
            if not data:
                return
            (other if ready is one else one).sendall(data)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
    )
