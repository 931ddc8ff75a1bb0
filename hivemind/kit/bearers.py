"""Texts that look like a bearer: refused where an operator writes, struck out where something is shown."""

import re

from attestation.tokens import CREDIT, INVITE, OWNER, SHARE, SPEND

_BEARER = re.compile(f"(?:{OWNER}|{INVITE}|{SHARE}|{CREDIT}|{SPEND})" + r"[A-Za-z0-9_-]+")


def holds_one(text: str) -> bool:
    """Whether something in `text` looks like a bearer."""
    return _BEARER.search(text) is not None


def struck(text: str) -> str:
    """The text without anything that looks like a bearer."""
    return _BEARER.sub("(a token)", text)
