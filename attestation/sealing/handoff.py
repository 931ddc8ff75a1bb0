"""Secrets on their way to one living worker process: HPKE (RFC 9180) base mode, X25519, ChaCha20-Poly1305.

The private half lives in the worker's memory and is never stored; when the process ends, everything sealed to
it is lost, on purpose. HPKE base mode does not say who sealed; the content must prove itself (a wrong key
opens nothing).
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from attestation import domains, framing
from attestation.errors import SealBroken, SealError

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


class WorkerKey:
    """A worker's ephemeral key pair. Does not print."""

    __slots__ = ("_private",)

    def __init__(self, private: X25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def generate(cls) -> "WorkerKey":
        """A fresh pair; one per process start."""
        return cls(X25519PrivateKey.generate())

    @property
    def public_bytes(self) -> bytes:
        """The 32 bytes to publish."""
        return self._private.public_key().public_bytes_raw()

    def open(self, blob: bytes, *, context: bytes) -> bytes:
        """What was sealed to this key, or SealBroken when key, context or any bit of the blob is another."""
        try:
            return _SUITE.decrypt(blob, self._private, info=_info(context))
        except (InvalidTag, ValueError) as error:
            raise SealBroken from error

    def __repr__(self) -> str:
        return f"WorkerKey(public={self.public_bytes.hex()})"


def seal_to(public_bytes: bytes, plaintext: bytes, *, context: bytes) -> bytes:
    """Encrypts to a published worker key.

    Raises SealError when the key is not usable or the context is empty.
    """
    info = _info(context)
    try:
        return _SUITE.encrypt(plaintext, X25519PublicKey.from_public_bytes(public_bytes), info=info)
    except ValueError as error:
        raise SealError("The worker's public key is not usable.") from error


def _info(context: bytes) -> bytes:
    if not context:
        raise SealError("Sealing needs a context.")
    return framing.length_prefixed([domains.HANDOFF, context])
