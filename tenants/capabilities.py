"""Tokens that an owner gave away. The app that mints them registers how they are listed and revoked."""

from collections.abc import Callable, Sequence
from typing import Any

from tenants.models import Tenant
from tenants.principals import Owner

Lister = Callable[[Tenant], Sequence[dict[str, Any]]]
Revoker = Callable[[Owner, str], int]

_minters: list[tuple[Lister, Revoker]] = []


def register(lister: Lister, revoker: Revoker) -> None:
    """Add one kind of token.

    `lister` returns wire rows (`token_id`, `kind`, `label`, `constraints`, `created_at`, `revoked_at`),
    newest first, revoked ones included. `revoker` revokes the live token of the owner whose id (lowercase
    hex) begins with a prefix and returns how many it revoked; it raises `tenants.errors.AmbiguousTokenId`
    when several begin so.
    """
    _minters.append((lister, revoker))


def listed(tenant: Tenant) -> list[dict[str, Any]]:
    """Every token that `tenant` gave away, newest first."""
    rows = [row for lister, _ in _minters for row in lister(tenant)]
    return sorted(rows, key=lambda row: (row["created_at"], row["token_id"]), reverse=True)


def revoke(owner: Owner, prefix: str) -> int:
    """Revoke the live token whose id begins with `prefix`; how many were revoked."""
    return sum(revoker(owner, prefix) for _, revoker in _minters)
