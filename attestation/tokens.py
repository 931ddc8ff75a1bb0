"""Bearer tokens: shape, hash, short ids.

A token never prints itself; only `text` gives it away, on purpose.
"""

import hmac
import re
import secrets
from typing import Final

from attestation.digests import text_hash
from attestation.errors import TokenError

OWNER: Final = "hmk_"
INVITE: Final = "hmq_"
SHARE: Final = "hms_"
CREDIT: Final = "hmcc_"
SPEND: Final = "hmp_"

_SECRET_BYTES: Final = 32
_ANY_KNOWN = re.compile(r"(hmk_|hmq_|hms_|hmcc_|hmp_)[A-Za-z0-9_-]{16,128}")
_AS_MINTED = re.compile(r"(hmk_|hmq_|hms_|hmcc_|hmp_)[A-Za-z0-9_-]{43}")


class Token:
    """A bearer whose shape was checked. Equality takes the same time wherever the texts differ."""

    __slots__ = ("_text", "prefix")

    def __init__(self, text: str, *, prefix: str) -> None:
        self._text = text
        self.prefix = prefix

    @property
    def text(self) -> str:
        """The secret itself, prefix included."""
        return self._text

    @property
    def hash(self) -> str:
        """What is stored instead of the token: hex SHA-256 of the whole text."""
        return token_hash(self._text)

    @property
    def token_id(self) -> str:
        """First 12 hex digits of the hash; may be shown and logged."""
        return self.hash[:12]

    @property
    def share_prefix(self) -> str:
        """First 8 hex digits of the hash, the public name of a share link."""
        return self.hash[:8]

    def __repr__(self) -> str:
        return f"Token({self.prefix}…, token_id={self.token_id})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Token):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self.hash)


def new_token(prefix: str) -> str:
    """A fresh token: the prefix and 43 URL-safe characters that carry 256 random bits."""
    text = prefix + secrets.token_urlsafe(_SECRET_BYTES)
    return parse_token(text, strict=True).text


def parse_token(text: str, *, strict: bool = False) -> Token:
    """A Token of a known kind. Raises TokenError, without the text, otherwise.

    `strict` also demands the exact length of minted tokens.
    """
    match = (_AS_MINTED if strict else _ANY_KNOWN).fullmatch(text)
    if match is None:
        raise TokenError
    return Token(text, prefix=match.group(1))


def token_hash(text: str) -> str:
    """Hex SHA-256 of the token text, prefix included."""
    return text_hash(text)


def token_id(text: str) -> str:
    """First 12 hex digits of `token_hash`."""
    return token_hash(text)[:12]
