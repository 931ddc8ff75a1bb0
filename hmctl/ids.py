"""Identifiers as arguments: checked before they become part of a path."""

import re
import secrets
from typing import Final

from hmctl.errors import BadInput

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")


def checked(text: str, *, what: str) -> str:
    """The id, if it has the shape of one (BadInput)."""
    if not is_one(text):
        raise BadInput(f"not a {what} id: {text[:80]!r}")
    return text


def is_one(text: str) -> bool:
    """Whether the text has the shape of an id."""
    return bool(_ID.fullmatch(text))


def new_run_id() -> str:
    """A fresh run id; the client chooses it, so that a repeated submit stays one run."""
    return secrets.token_hex(6)


def new_nonce() -> str:
    """32 random bytes in hex that the signed record has to repeat."""
    return secrets.token_hex(32)
