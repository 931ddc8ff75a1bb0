"""The one base64 and the one hex of the project. Both refuse everything but the exact form."""

import base64
import binascii
import re

from attestation.errors import EncodingError

_HEX = re.compile(r"(?:[0-9a-f]{2})*")


def b64(data: bytes) -> str:
    """Standard alphabet, padded (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """Inverse of `b64`.

    Raises EncodingError for foreign characters, missing padding or non-zero spare bits.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise EncodingError from error
    if b64(data) != text:
        raise EncodingError
    return data


def unhex(text: str, length: int | None = None) -> bytes:
    """Bytes of lowercase hex, exactly `length` bytes when given. Raises EncodingError."""
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise EncodingError
    data = bytes.fromhex(text)
    if length is not None and len(data) != length:
        raise EncodingError
    return data
