"""Certificates like the one that an enclave makes for itself, and a public authority that vouches for others."""

import datetime
import hashlib
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
_END = datetime.datetime(2036, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Certificate:
    """A certificate with its key, ready to serve."""

    der: bytes
    pem: str
    context: ssl.SSLContext

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.der).digest()


@dataclass(frozen=True)
class _Authority:
    key: ec.EllipticCurvePrivateKey
    name: x509.Name


def enclave(host: str) -> Certificate:
    """A new certificate that vouches for itself."""
    return _issue(host, None)


def public(host: str) -> Certificate:
    """A new certificate that the harness's public authority vouches for."""
    return _issue(host, _public_authority()[0])


def bundle(folder: Path) -> Path:
    """The file with the public authority, as SSL_CERT_FILE takes it."""
    path = folder / "public-authority.pem"
    path.write_text(_public_authority()[1])
    return path


@cache
def _public_authority() -> tuple[_Authority, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Conformance public authority")])
    made = _builder(name, name, key.public_key()).add_extension(x509.BasicConstraints(True, None), critical=True)
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    certificate = made.add_extension(usage, critical=True).sign(key, SHA256())
    return _Authority(key, name), certificate.public_bytes(Encoding.PEM).decode()


def _issue(host: str, issuer: _Authority | None) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hivemind-enclave")])
    names = [x509.DNSName(host), x509.DNSName("localhost"), x509.IPAddress(_loopback())]
    made = _builder(name, issuer.name if issuer else name, key.public_key())
    made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    made = made.add_extension(x509.BasicConstraints(False, None), critical=True)
    certificate = made.sign(issuer.key if issuer else key, SHA256())
    pem = certificate.public_bytes(Encoding.PEM).decode()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Certificate(certificate.public_bytes(Encoding.DER), pem, _context(pem + private))


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_START)
        .not_valid_after(_END)
    )


def _context(pem: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _loopback() -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address("127.0.0.1")
