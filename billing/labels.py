"""Labels: what people write beside a code or token to find it again."""

import re

from attestation.tokens import CREDIT, INVITE, OWNER, SHARE, SPEND
from billing.errors import BadLabel

LONGEST = 200
_BEARER = re.compile(f"(?:{OWNER}|{INVITE}|{SHARE}|{CREDIT}|{SPEND})" + r"[A-Za-z0-9_-]{8}")


def checked(label: str) -> str:
    """The label, trimmed. Raises BadLabel for one that is too long, cannot be stored, or holds a token or code."""
    label = label.strip()
    if len(label) > LONGEST or "\0" in label or holds_bearer(label):
        raise BadLabel
    return label


def holds_bearer(text: str) -> bool:
    """Whether something in `text` looks like a token or a code, which is kept nowhere in clear."""
    return _BEARER.search(text) is not None
