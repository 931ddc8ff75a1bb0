"""Labels: what people write beside a code or token to find it again."""

from billing.errors import BadLabel
from hivemind.kit import bearers

LONGEST = 200


def checked(label: str) -> str:
    """The label, trimmed. Raises BadLabel for one that is too long, cannot be stored, or holds a token or code."""
    label = label.strip()
    if len(label) > LONGEST or "\0" in label or bearers.holds_one(label):
        raise BadLabel
    return label
