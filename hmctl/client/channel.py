"""The TLS of one service during one command: every connection shows the certificate that the first one showed.

The certificate is read right after the handshake and before a byte of a request can leave. Whether it is the right
one is decided by evidence that names it; where none does, an authority has to vouch for it.
"""

import hashlib
import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import certifi

from hmctl import services
from hmctl.clock import Clock
from hmctl.errors import BadInput
from hmctl.services import Service

CHECK: Final = "tls channel"


class CertificateRefused(ssl.SSLError):
    """The other side is not the one this command began with, or nobody vouches for it. Ends the handshake."""

    def __init__(self, code: str, message: str, remedy: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.remedy = remedy


class Channel:
    """What all connections to one service share. Safe to use from several threads.

    A context for plain http is never used; it exists because the HTTP library wants one.
    """

    def __init__(self, service: Service, *, clock: Clock) -> None:
        self._service = service
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: bytes | None = None
        self._limits = threading.local()
        self.context = _Context.of(self)

    @property
    def seen(self) -> bytes | None:
        """SHA-256 over the DER form of the certificate that was shown, None before a handshake and on plain http."""
        return self._seen

    def require_authority(self) -> None:
        """From the next connection on, an authority that this machine trusts must vouch for the certificate and name.

        The certificate still has to be the one seen first. Connections made before must be given up by the caller.
        BadInput when the user's own authorities cannot be read.
        """
        if self._service.scheme == "https":
            self.context.require_authority()

    @contextmanager
    def until(self, moment: float) -> Iterator[None]:
        """What this thread sends and reads ends at this moment of the steady clock, at whatever pace bytes drip."""
        self._limits.moment = moment
        try:
            yield
        finally:
            self._limits.moment = None

    def seconds_left(self) -> float | None:
        """What is left of the limit of this thread, None without one. Raises TimeoutError when it is over."""
        moment: float | None = getattr(self._limits, "moment", None)
        if moment is None:
            return None
        left = moment - self._clock.steady()
        if left <= 0:
            raise TimeoutError("deadline")
        return left

    def shortened(self, allowed: float | None) -> float | None:
        """The seconds for one step: those allowed, or fewer where this thread's limit comes first (TimeoutError)."""
        left = self.seconds_left()
        if left is None:
            return allowed
        return left if allowed is None else min(left, allowed)

    def check_place(self, address: object) -> None:
        """Refuses a peer elsewhere under a name that stands for this machine (CertificateRefused).

        Such a service passes with less, and a resolver decides where `rooms.localhost` leads.
        """
        host = address[0] if isinstance(address, tuple) and address else address
        if self._service.is_loopback and not services.is_loopback_address(str(host)):
            raise CertificateRefused(
                "not_this_machine",
                f"{self._service.url} stands for this machine and leads elsewhere",
                "Use http://127.0.0.1 for this machine, and the https address of a service that is not on it.",
            )

    def meet(self, certificate: bytes | None) -> None:
        """Notes the first certificate (DER) and refuses every other one (CertificateRefused)."""
        if not certificate:
            raise CertificateRefused(
                "certificate_missing", f"{self._service.url} shows no certificate", "Do not use this service."
            )
        met = hashlib.sha256(certificate).digest()
        with self._lock:
            if self._seen is None:
                self._seen = met
            elif self._seen != met:
                raise CertificateRefused(
                    "certificate_changed",
                    f"{self._service.url} shows another certificate than the one this command began with",
                    "Try again; if it stays so, somebody may be between you and the service.",
                )

    def refuse_unvouched(self, problem: ssl.SSLCertVerificationError) -> None:
        """Turns the refusal of the TLS library into this module's own."""
        raise CertificateRefused(
            "certificate_not_trusted",
            f"nobody whom this machine trusts vouches for the certificate of {self._service.url}",
            "Check the address and the clock. SSL_CERT_FILE names further authorities to trust.",
        ) from problem


class _Context(ssl.SSLContext):
    channel: Channel

    @classmethod
    def of(cls, channel: Channel) -> "_Context":
        """A client context that checks no authority yet."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.channel = channel
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
        context.sslsocket_class = _Socket
        context.sslobject_class = _Object
        return context

    def require_authority(self) -> None:
        """Checks chain and name of all later handshakes."""
        file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        try:
            self.load_verify_locations(cafile=file or (None if folder else certifi.where()), capath=folder or None)
        except OSError:
            raise BadInput("SSL_CERT_FILE or SSL_CERT_DIR does not name certificates that can be read") from None
        self.verify_mode = ssl.CERT_REQUIRED
        self.check_hostname = True


class _Socket(ssl.SSLSocket):
    """The TLS of a connection made directly, or through a proxy that is spoken to in the clear."""

    def do_handshake(self, block: bool = False) -> None:
        channel = _channel(self.context)
        channel.check_place(self.getpeername())
        try:
            super().do_handshake(block)
        except ssl.SSLCertVerificationError as problem:
            channel.refuse_unvouched(problem)
        channel.meet(self.getpeercert(binary_form=True))

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        self.settimeout(_channel(self.context).shortened(self.gettimeout()))
        return super().recv(buflen, flags)

    def send(self, data: Any, flags: int = 0) -> int:
        self.settimeout(_channel(self.context).shortened(self.gettimeout()))
        return super().send(data, flags)


class _Object(ssl.SSLObject):
    """The TLS of a connection inside that of a proxy."""

    def do_handshake(self) -> None:
        channel = _channel(self.context)
        try:
            super().do_handshake()
        except ssl.SSLCertVerificationError as problem:
            channel.refuse_unvouched(problem)
        channel.meet(self.getpeercert(binary_form=True))

    def read(self, len: int = 1024, buffer: Any = None) -> bytes:
        _channel(self.context).seconds_left()
        return super().read(len, buffer)

    def write(self, data: Any) -> int:
        _channel(self.context).seconds_left()
        return super().write(data)


def _channel(context: ssl.SSLContext) -> Channel:
    if not isinstance(context, _Context):
        raise ssl.SSLError("a connection outside its channel")
    return context.channel
