"""Keys encrypted under keys, committed to the key that encrypted them.

Blob: salt (16), commitment (32), sealed key (60). Encryption key and commitment come out of one derivation
over the wrapping key, the salt and the context, so a blob opens under one key only, in one place only.
"""

import hashlib
import hmac
import secrets
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from attestation import domains, framing
from attestation.errors import SealBroken, SealError
from attestation.sealing import aead

WRAPPED_BYTES: Final = 108
_KEY_BYTES: Final = 32
_SALT_BYTES: Final = 16
_HEAD_BYTES: Final = _SALT_BYTES + _KEY_BYTES


def wrap_key(kek: bytes, key: bytes, *, context: bytes) -> bytes:
    """Encrypts a 32-byte key under a 32-byte key for one holder and place.

    Raises SealError for other lengths.
    """
    if len(key) != _KEY_BYTES:
        raise SealError("A wrapped key has 32 bytes.")
    salt = secrets.token_bytes(_SALT_BYTES)
    encryption_key, commitment = _derive(kek, salt=salt, context=context)
    return salt + commitment + aead.seal(encryption_key, key, context=context)


def unwrap_key(kek: bytes, blob: bytes, *, context: bytes) -> bytes:
    """The wrapped key, or SealBroken when the wrapping key, the context or any bit of the blob is another."""
    if len(blob) != WRAPPED_BYTES:
        raise SealBroken
    encryption_key, commitment = _derive(kek, salt=blob[:_SALT_BYTES], context=context)
    if not hmac.compare_digest(commitment, blob[_SALT_BYTES:_HEAD_BYTES]):
        raise SealBroken
    return aead.open_sealed(encryption_key, blob[_HEAD_BYTES:], context=context)


def key_id(key: bytes) -> str:
    """Public name of a key: 12 hex digits that say nothing about it."""
    return hashlib.sha256(framing.length_prefixed([domains.KEY_ID, key])).hexdigest()[:12]


def _derive(kek: bytes, *, salt: bytes, context: bytes) -> tuple[bytes, bytes]:
    if len(kek) != _KEY_BYTES or not context:
        raise SealError("Wrapping needs a 32-byte key and a context.")
    info = framing.length_prefixed([domains.KEY_WRAP, context])
    material = HKDF(SHA256(), 2 * _KEY_BYTES, salt, info).derive(kek)
    return material[:_KEY_BYTES], material[_KEY_BYTES:]
