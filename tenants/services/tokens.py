"""Revoking tokens that the owner gave away, by the beginning of their id."""

from tenants import capabilities
from tenants.errors import ShortTokenId, TokenNotFound
from tenants.principals import Owner

SHORTEST = 6


def revoke(owner: Owner, token_id: str) -> None:
    """Revoke the live token whose id begins so, in any case.

    Raises ShortTokenId, TokenNotFound, or AmbiguousTokenId when several begin so. What revokes also records
    it.
    """
    if len(token_id) < SHORTEST:
        raise ShortTokenId
    if capabilities.revoke(owner, token_id.lower()) == 0:
        raise TokenNotFound
