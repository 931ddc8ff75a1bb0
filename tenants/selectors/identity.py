"""What a principal is told about itself."""

from tenants import hooks
from tenants.principals import Owner, Principal
from tenants.services import seals


def sealed(principal: Principal) -> bool:
    """Whether the bearer presented opens nothing: no root key for an owner, no room key for a guest."""
    if isinstance(principal, Owner):
        return seals.is_sealed(principal)
    return hooks.guest_sealed(principal)
