"""Ed25519 keys (RFC 8032) and the derivations that lead to them. Private keys never print."""

import hashlib
import secrets
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from attestation import domains
from attestation.encoding import b64, unb64
from attestation.errors import BadKey, BadSignature, EncodingError, KernelError

_KEY_BYTES: Final = 32
_FIELD_PRIME: Final = 2**255 - 19
_ORDER_EIGHT_Y: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
# The y of every point whose order divides eight: under such a key anybody can make signatures that verify.
_SMALL_ORDER_Y: Final = frozenset({0, 1, _FIELD_PRIME - 1, _ORDER_EIGHT_Y, _FIELD_PRIME - _ORDER_EIGHT_Y})


class VerifyKey:
    """A public key that was checked to be usable."""

    __slots__ = ("_key", "_raw")

    def __init__(self, raw: bytes) -> None:
        """Raises BadKey unless `raw` is a canonical 32-byte point of large order."""
        y = int.from_bytes(raw, "little") & ((1 << 255) - 1)
        if len(raw) != _KEY_BYTES or y >= _FIELD_PRIME or y in _SMALL_ORDER_Y:
            raise BadKey
        try:
            self._key = Ed25519PublicKey.from_public_bytes(raw)
        except ValueError as error:
            raise BadKey from error
        self._raw = raw

    @classmethod
    def from_b64(cls, text: str) -> "VerifyKey":
        """Reads the wire form. Raises BadKey."""
        try:
            return cls(unb64(text))
        except EncodingError as error:
            raise BadKey from error

    @property
    def b64(self) -> str:
        """The wire form."""
        return b64(self._raw)

    def verify(self, signature: bytes, data: bytes) -> None:
        """Returns when the signature over exactly `data` holds, raises BadSignature otherwise."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature as error:
            raise BadSignature from error

    def __repr__(self) -> str:
        return f"VerifyKey({self.b64})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VerifyKey) and self._raw == other._raw

    def __hash__(self) -> int:
        return hash(self._raw)


class SigningKey:
    """A private key. `repr` shows the public half only."""

    __slots__ = ("_key", "_seed", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != _KEY_BYTES:
            raise KernelError("A signing key is made from 32 bytes.")
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = VerifyKey(self._key.public_key().public_bytes_raw())

    @classmethod
    def from_seed(cls, seed: bytes) -> "SigningKey":
        """The key of a 32-byte seed; the same seed gives the same key."""
        return cls(seed)

    @classmethod
    def generate(cls) -> "SigningKey":
        """A fresh random key."""
        return cls(secrets.token_bytes(_KEY_BYTES))

    @property
    def seed(self) -> bytes:
        """The secret itself. For wrapping under another key, nothing else."""
        return self._seed

    @property
    def public_b64(self) -> str:
        """The public half in wire form."""
        return self.public.b64

    def sign(self, data: bytes) -> bytes:
        """64-byte signature over exactly `data`."""
        return self._key.sign(data)

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public_b64})"


def derive_room_signing_key(owner_key_text: str, *, tenant_id: str) -> SigningKey:
    """The key that published clients expect of an owner: HKDF-SHA256 (RFC 5869), salted by the tenant id."""
    salt, info = tenant_id.encode(), domains.OWNER_SIGNING_KEY
    return SigningKey(HKDF(SHA256(), _KEY_BYTES, salt, info).derive(owner_key_text.encode()))


def derive_run_signer(dstack_key: bytes) -> SigningKey:
    """The run-signing key from the guest agent's key for `hivemind-runs-v1`.

    Only its first 32 bytes count.
    """
    if len(dstack_key) < _KEY_BYTES:
        raise KernelError("The guest agent's key is too short.")
    return SigningKey(hashlib.sha256(domains.RUN_SIGNING_KEY + dstack_key[:_KEY_BYTES]).digest())
