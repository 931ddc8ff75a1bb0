"""Who pays for a run: the tenant whose owner key travels in the payer header, or the owner who asks."""

from collections.abc import Mapping
from dataclasses import dataclass

from billing.errors import BadPayer, NoPayer
from hivemind.kit.errors import Unauthenticated
from tenants.credentials import registry
from tenants.principals import Owner, Principal

HEADERS = ("X-Hivemind-Api-Key", "X-Hivemind-Payer-Key")


@dataclass(frozen=True)
class Payer:
    """The tenant that pays. `token_id` is empty when the owner pays without having named a key."""

    tenant_id: str
    token_id: str


def named(headers: Mapping[str, str]) -> Payer | None:
    """The tenant whose key is in the payer header, None without one. Raises BadPayer for a key that is not valid."""
    text = next((headers[name].strip() for name in HEADERS if headers.get(name, "").strip()), "")
    if not text:
        return None
    try:
        principal = registry.resolve(text)
    except Unauthenticated as error:
        raise BadPayer from error
    if not isinstance(principal, Owner):
        raise BadPayer
    return Payer(tenant_id=principal.tenant.id, token_id=principal.token_id)


def of(headers: Mapping[str, str], *, principal: Principal) -> Payer:
    """Who pays for what `principal` asks. Raises BadPayer, and NoPayer when a guest named nobody."""
    payer = named(headers)
    if payer is not None:
        return payer
    if isinstance(principal, Owner):
        return Payer(tenant_id=principal.tenant.id, token_id="")
    raise NoPayer
