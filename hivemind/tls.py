"""Ending TLS with a certificate whose key is in no file.

Python's TLS library takes keys from paths alone. What it gets here is the path of an anonymous file in memory, which
has no name in any file system and is gone when it is closed.
"""

import errno
import os
import ssl
from typing import Final

from attestation.evidence.enclave_tls import EnclaveCertificate

HANDSHAKE_SECONDS: Final = 5.0
SILENCE_SECONDS: Final = 60.0
# For clients of TLS 1.2; those of 1.3 choose among its own, which are all good.
_CIPHERS: Final = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305"


class BoundedSocket(ssl.SSLSocket):
    """A connection that is given up when the other side falls silent, so that nobody holds a thread for ever."""

    def do_handshake(self, block: bool = False) -> None:
        """Agree on keys. Raises ConnectionResetError when the other side is silent."""
        self.settimeout(HANDSHAKE_SECONDS)
        try:
            super().do_handshake(block)
        except TimeoutError as error:
            raise self._hung_up() from error
        self.settimeout(SILENCE_SECONDS)

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """What came. Raises ConnectionResetError after a silence, TimeoutError after a time that a caller set."""
        try:
            return super().recv(buflen, flags)
        except TimeoutError as error:
            if self.gettimeout() == SILENCE_SECONDS:
                raise self._hung_up() from error
            raise

    def setblocking(self, flag: bool) -> None:
        """To block is to wait for as long as a silence may last; a closed connection needs nothing."""
        if self.fileno() != -1:
            self.settimeout(SILENCE_SECONDS if flag else 0.0)

    def _hung_up(self) -> ConnectionResetError:
        """Give the connection up. Servers write no traceback about it, and wait for no last words on a closed one."""
        self.close()
        return ConnectionResetError(errno.ECONNRESET, "the other side has fallen silent")


class CertificateFile:
    """The certificate, without its key, at a path that lasts as long as this object."""

    def __init__(self, certificate: EnclaveCertificate) -> None:
        self._file = _in_memory("enclave-certificate", certificate.pem.encode("ascii"))
        self.path = _path(self._file)


def server_context(certificate: EnclaveCertificate) -> ssl.SSLContext:
    """TLS 1.3, or 1.2 with forward secrecy, for HTTP/1.1. Raises OSError where there is no memory file or no /proc.

    Nothing is resumed: each connection makes its own keys, and clients look at the certificate each time.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    context.sslsocket_class = BoundedSocket
    file = _in_memory("enclave-key", certificate.private_pem() + certificate.pem.encode("ascii"))
    try:
        context.load_cert_chain(_path(file))
    finally:
        os.close(file)
    return context


def _in_memory(name: str, content: bytes) -> int:
    file = os.memfd_create(name)
    os.write(file, content)
    return file


def _path(file: int) -> str:
    return f"/proc/self/fd/{file}"
