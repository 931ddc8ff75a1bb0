"""ChaCha20-Poly1305 (RFC 8439) with a random nonce in front: nonce (12), ciphertext, tag (16)."""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from attestation.errors import SealBroken, SealError

_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


def seal(key: bytes, plaintext: bytes, *, context: bytes) -> bytes:
    """Encrypts for one place. `context` comes from `sealing.context` and must be given again to open.

    Raises SealError for a key that is not 32 bytes or an empty context.
    """
    cipher = _cipher(key, context)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plaintext, context)


def open_sealed(key: bytes, blob: bytes, *, context: bytes) -> bytes:
    """The plaintext, or SealBroken when key, context or any bit of the blob is not the one used to seal."""
    cipher = _cipher(key, context)
    if len(blob) < _NONCE_BYTES + _TAG_BYTES:
        raise SealBroken
    try:
        return cipher.decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], context)
    except InvalidTag as error:
        raise SealBroken from error


def _cipher(key: bytes, context: bytes) -> ChaCha20Poly1305:
    if not context:
        raise SealError("Sealing needs a context.")
    try:
        return ChaCha20Poly1305(key)
    except ValueError as error:
        raise SealError("A sealing key has 32 bytes.") from error
