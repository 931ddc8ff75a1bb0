"""Who pays for a run: whoever's owner key or spend token travels in the payer header, or the owner who asks."""

from collections.abc import Mapping
from dataclasses import dataclass

from attestation.tokens import SPEND
from billing import origins
from billing.errors import BadPayer, NoPayer, SpendTokenElsewhere
from billing.services import spend_tokens
from hivemind.kit.errors import Unauthenticated
from tenants.credentials import registry
from tenants.principals import Owner, Principal

HEADERS = ("X-Hivemind-Api-Key", "X-Hivemind-Payer-Key")


@dataclass(frozen=True)
class Place:
    """Where a run is asked: the room, and the origin at which clients reach this service."""

    room_id: str
    service: str

    @property
    def origin(self) -> str:
        """The service's origin as spend tokens write it; empty when its address has none."""
        try:
            return origins.origin_of(self.service)
        except ValueError:
            return ""


@dataclass(frozen=True)
class Payer:
    """The tenant that pays. `token_id` is empty when the owner pays without having named a key.

    `spend_token_id` is set when a spend token pays; `room_id` and `service`, where not empty, are then the only place
    where it does.
    """

    tenant_id: str
    token_id: str
    spend_token_id: str = ""
    room_id: str = ""
    service: str = ""


def named(headers: Mapping[str, str]) -> Payer | None:
    """The payer named in the header, None without one. Raises BadPayer for what is no key or token of a payer."""
    text = next((headers[name].strip() for name in HEADERS if headers.get(name, "").strip()), "")
    if not text:
        return None
    if text.startswith(SPEND):
        return _of_token(text)
    try:
        principal = registry.resolve(text)
    except Unauthenticated as error:
        raise BadPayer from error
    if not isinstance(principal, Owner):
        raise BadPayer
    return Payer(tenant_id=principal.tenant.id, token_id=principal.token_id)


def of(headers: Mapping[str, str], *, principal: Principal, place: Place) -> Payer:
    """Who pays for what `principal` asks in this place.

    Raises BadPayer, SpendTokenElsewhere, and NoPayer when a guest named nobody.
    """
    payer = named(headers)
    if payer is not None:
        if payer.room_id not in ("", place.room_id) or payer.service not in ("", place.origin):
            raise SpendTokenElsewhere
        return payer
    if isinstance(principal, Owner):
        return Payer(tenant_id=principal.tenant.id, token_id="")
    raise NoPayer


def _of_token(text: str) -> Payer:
    token = spend_tokens.resolve(text)
    if token is None:
        raise BadPayer
    return Payer(
        tenant_id=token.account_id,
        token_id=token.token_id,
        spend_token_id=token.token_id,
        room_id=token.room_id,
        service=token.service,
    )
