"""The certificate with which TLS ends inside an attested machine: the same bytes for the same key and names.

Nothing in it is random and it names no time of making, so every process of a machine derives it for itself, before and
after every start, and nobody has to hand a key to anybody. It is its own issuer: what makes it trustworthy is a quote
that names it, never a name in it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from attestation import domains
from attestation.errors import KernelError

KEY_PATH: Final = "hivemind-tls-v1"
_KEY_BYTES: Final = 32
_SERIAL_BYTES: Final = 8
_NAME: Final = x509.Name(
    [
        x509.NameAttribute(NameOID.COMMON_NAME, "hivemind-enclave"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Hivemind (TDX CVM)"),
    ]
)
_VALID_FROM: Final = datetime(2026, 1, 1, tzinfo=UTC)
_VALID_UNTIL: Final = datetime(2036, 1, 1, tzinfo=UTC)
_HOSTS: Final = (
    "hivemind-enclave",
    "*.dstack-pha-prod9.phala.network",
    "*.dstack-pha-prod5.phala.network",
    "*.app.phala.network",
)
_USAGE: Final = x509.KeyUsage(
    digital_signature=True,
    key_encipherment=True,
    content_commitment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True)
class EnclaveCertificate:
    """A certificate in DER form with its key. Prints nothing of the key."""

    der: bytes
    key: EllipticCurvePrivateKey = field(repr=False)

    @property
    def sha256(self) -> bytes:
        """What quotes name, and what a client sees on its connection."""
        return hashlib.sha256(self.der).digest()

    @property
    def pem(self) -> str:
        """The certificate as text."""
        return x509.load_der_x509_certificate(self.der).public_bytes(Encoding.PEM).decode("ascii")

    def private_pem(self) -> bytes:
        """The key as a TLS library reads it. For memory alone."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def derive_tls_key(dstack_key: bytes) -> EllipticCurvePrivateKey:
    """The P-256 key that follows from the guest agent's key for `hivemind-tls-v1`; only its first 32 bytes count.

    Raises KernelError for a shorter one.
    """
    if len(dstack_key) < _KEY_BYTES:
        raise KernelError("The guest agent's key is too short.")
    scalar = hashlib.sha256(domains.TLS_KEY + dstack_key[:_KEY_BYTES]).digest()
    try:
        return derive_private_key(int.from_bytes(scalar, "big"), SECP256R1())
    except ValueError as error:  # one digest in 2**32 is outside the curve's order
        raise KernelError("The guest agent's key leads to no key for TLS.") from error


def enclave_certificate(dstack_key: bytes, *, hosts: Sequence[str] = ()) -> EnclaveCertificate:
    """The certificate that follows from the guest agent's key, for further hosts or addresses beside the usual ones.

    Without further hosts its bytes are those that all builds of the protocol make. Raises KernelError for a key that
    is too short and for a host that no certificate can name.
    """
    key = derive_tls_key(dstack_key)
    names = [x509.DNSName(host) for host in _HOSTS] + [_name(host) for host in hosts if host not in _HOSTS]
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    builder = (
        x509.CertificateBuilder(subject_name=_NAME, issuer_name=_NAME, public_key=key.public_key())
        .serial_number(int.from_bytes(hashlib.sha256(spki).digest()[:_SERIAL_BYTES], "big") | 1)
        .not_valid_before(_VALID_FROM)
        .not_valid_after(_VALID_UNTIL)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_USAGE, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    made = builder.sign(key, SHA256(), ecdsa_deterministic=True)
    return EnclaveCertificate(made.public_bytes(Encoding.DER), key)


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        pass
    try:
        return x509.DNSName(host)
    except ValueError as error:
        raise KernelError("A host's name in a certificate has ASCII characters only.") from error
