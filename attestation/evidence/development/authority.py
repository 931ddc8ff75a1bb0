"""The keys and certificates of a development root and of the one machine under it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from attestation import domains
from attestation.errors import KernelError
from attestation.evidence.development.machine_extension import MACHINE_EXTENSION_OID, machine_extension
from attestation.evidence.roots import DevelopmentRoot

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_SEED_BYTES: Final = 32
NOT_BEFORE: Final = datetime(2025, 1, 1, tzinfo=UTC)
NOT_AFTER: Final = datetime(2099, 12, 31, tzinfo=UTC)
_ORGANISATION: Final = "Hivemind development, proves nothing about hardware"
_ROOT, _PLATFORM, _MACHINE, _STATEMENTS = "Root", "Platform", "Machine", "Statements"


@dataclass(frozen=True)
class Signer:
    """A private key with its certificate. Prints neither."""

    key: EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate = field(repr=False)

    @property
    def pem(self) -> str:
        """The certificate as PEM text."""
        return self.certificate.public_bytes(Encoding.PEM).decode("ascii")


@dataclass(frozen=True)
class DevelopmentAuthority:
    """A root, the two signers below it, and a machine with its attestation key."""

    root: Signer
    platform: Signer
    machine: Signer
    statements: Signer
    attestation_key: EllipticCurvePrivateKey = field(repr=False)

    @property
    def trust_root(self) -> DevelopmentRoot:
        """What a verifier has to name to accept this authority's evidence."""
        return DevelopmentRoot(self.root.certificate.public_bytes(Encoding.DER))


def development_authority(seed: bytes) -> DevelopmentAuthority:
    """The authority of a 32-byte secret seed; the same seed gives the same bytes. Raises KernelError."""
    if len(seed) != _SEED_BYTES:
        raise KernelError("A development authority is made from 32 bytes.")
    root_key = _key(seed, _ROOT)
    root = Signer(root_key, _certificate(_ROOT, root_key, issuer=_ROOT, issuer_key=root_key))
    signers = {
        name: Signer(key, _certificate(name, key, issuer=issuer, issuer_key=_key(seed, issuer)))
        for name, issuer in ((_PLATFORM, _ROOT), (_STATEMENTS, _ROOT), (_MACHINE, _PLATFORM))
        for key in [_key(seed, name)]
    }
    return DevelopmentAuthority(
        root=root,
        platform=signers[_PLATFORM],
        machine=signers[_MACHINE],
        statements=signers[_STATEMENTS],
        attestation_key=_key(seed, "attestation"),
    )


def sign_raw(key: EllipticCurvePrivateKey, data: bytes) -> bytes:
    """An ECDSA signature as two 32-byte numbers, the same one for the same data (RFC 6979)."""
    r, s = decode_dss_signature(key.sign(data, ECDSA(SHA256(), deterministic_signing=True)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def raw_point(key: EllipticCurvePrivateKey) -> bytes:
    """The public key as two 32-byte coordinates."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]


def _key(seed: bytes, name: str) -> EllipticCurvePrivateKey:
    info = domains.DEVELOPMENT_EVIDENCE + b"|" + name.encode("ascii")
    wide = HKDF(algorithm=SHA256(), length=48, salt=None, info=info).derive(seed)
    return derive_private_key(int.from_bytes(wide, "big") % (_ORDER - 1) + 1, SECP256R1())


def _name(common_name: str) -> x509.Name:
    named = {NameOID.COMMON_NAME: f"Development {common_name}", NameOID.ORGANIZATION_NAME: _ORGANISATION}
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in named.items()])


def _certificate(
    subject: str, key: EllipticCurvePrivateKey, *, issuer: str, issuer_key: EllipticCurvePrivateKey
) -> x509.Certificate:
    is_ca = subject in (_ROOT, _PLATFORM)
    public = key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(public)
        .serial_number(1 + [_ROOT, _PLATFORM, _STATEMENTS, _MACHINE].index(subject))
        .not_valid_before(NOT_BEFORE)
        .not_valid_after(NOT_AFTER)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(_key_usage(is_ca), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if subject == _MACHINE:
        extension = x509.UnrecognizedExtension(x509.ObjectIdentifier(MACHINE_EXTENSION_OID), machine_extension())
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer_key, SHA256(), ecdsa_deterministic=True)


def _key_usage(is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
