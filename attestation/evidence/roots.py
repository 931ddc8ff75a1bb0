"""Whose signature counts. The root of trust is always an argument, never a setting.

What was verified under a development root says so in its type's `development` member and is refused by
`TcbPolicy` unless that is asked for.
"""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from attestation.errors import KernelError

# The key of Intel's root for SGX and TDX as an uncompressed point. Intel reissued the certificate, not the key.
_INTEL_ROOT_KEY: Final = bytes.fromhex(
    "040ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5"
    "67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394"
)


@dataclass(frozen=True)
class IntelRoot:
    """Only machines whose processor Intel certified."""

    development = False

    @property
    def public_point(self) -> bytes:
        """The root key as an uncompressed P-256 point."""
        return _INTEL_ROOT_KEY

    @property
    def der(self) -> None:
        """The certificate is the one built into the verifying library."""
        return None


@dataclass(frozen=True)
class DevelopmentRoot:
    """A root somebody made. Proves that evidence is well formed, and nothing about any hardware.

    Raises KernelError unless `der` is a certificate with a P-256 key.
    """

    der: bytes = field(repr=False)
    development = True

    def __post_init__(self) -> None:
        try:
            key = x509.load_der_x509_certificate(self.der).public_key()
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
            raise KernelError("The development root is not a certificate.") from error
        if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
            raise KernelError("The development root has no P-256 key.")
        object.__setattr__(self, "_point", key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    @property
    def public_point(self) -> bytes:
        """The root key as an uncompressed P-256 point."""
        point: bytes = self.__dict__["_point"]
        return point


TrustRoot: TypeAlias = IntelRoot | DevelopmentRoot
