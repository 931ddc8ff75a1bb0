"""Keys out of bearers and out of randomness.

Bearers carry 256 random bits, so an extract-and-expand derivation is enough. Never feed a password in here.
"""

import secrets
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from attestation import domains, framing
from attestation.errors import SealError
from attestation.tokens import parse_token

KEY_BYTES: Final = 32
SALT_BYTES: Final = 16


def new_key() -> bytes:
    """32 fresh random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def new_salt() -> bytes:
    """16 fresh random bytes, one per wrap."""
    return secrets.token_bytes(SALT_BYTES)


def bearer_kek(bearer_text: str, *, salt: bytes, context: bytes) -> bytes:
    """Key-encryption key of a bearer for one wrap: HKDF-SHA256 (RFC 5869), the wrap's own salt and context.

    Raises TokenError when the text is not a token of ours, SealError when salt or context is missing or
    short.
    """
    bearer = parse_token(bearer_text)
    if len(salt) < SALT_BYTES or not context:
        raise SealError("A derived key needs a salt of at least 16 bytes and a context.")
    info = framing.length_prefixed([domains.BEARER_KEK, context])
    return HKDF(SHA256(), KEY_BYTES, salt, info).derive(bearer.text.encode())
