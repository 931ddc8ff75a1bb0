"""Spend tokens: an owner makes one that pays a little, in one place, for a while, and takes it back.

What a token has spent is kept by `billing.services.ledger`, which locks the account first and the token second.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from attestation.errors import TokenError
from attestation.tokens import SPEND, new_token, parse_token
from billing import labels
from billing.errors import AccountClosed, BadAmount, BadExpiry, BadSpendTokenPlace, SpendTokenNotFound
from billing.models import SpendToken
from billing.money import HIGHEST_MICRO_USD
from billing.origins import origin_of
from billing.services import ledger
from hivemind.kit import audit, clock
from hivemind.kit.audit import Actor
from tenants.errors import KeyRetired
from tenants.models import ApiKey, Tenant
from tenants.principals import Owner
from tenants.services import tenants

LONGEST_SECONDS = 30 * 24 * 3600
USUAL_SECONDS = 3600
SERVICE_CHARS = 300
_TOKEN_ID = re.compile(r"[0-9a-f]{12}")
_ROOM_ID = re.compile(r"room_[0-9a-f]{12}")


@dataclass(frozen=True)
class NewSpendToken:
    """A token to be made. Empty `room_id` and `service` mean any room and any address of this service.

    The limit may be above the balance: each hold is checked against both.
    """

    limit_micro_usd: int
    expires_in_seconds: int = USUAL_SECONDS
    room_id: str = ""
    service: str = ""
    label: str = ""


@dataclass(frozen=True)
class Minted:
    """A spend token and its text, which is shown this once."""

    token: SpendToken
    text: str = field(repr=False)


def resolve(text: str) -> SpendToken | None:
    """The living spend token with this text, with its account: not revoked, not expired, its tenant not suspended.

    None for everything else, whatever the reason. One query. Where and how much it pays is for the caller to check.
    """
    try:
        token = parse_token(text, strict=True)
    except TokenError:
        return None
    if token.prefix != SPEND:
        return None
    in_good_standing = Tenant.objects.filter(pk=OuterRef("account_id"), suspended_at=None)
    living = SpendToken.objects.filter(revoked_at=None, expires_at__gt=clock.now()).filter(Exists(in_good_standing))
    return living.select_related("account").filter(token_hash=token.hash).first()


def mint(wanted: NewSpendToken, *, owner: Owner) -> Minted:
    """Make a spend token of the owner's account.

    Raises BadAmount, BadExpiry, BadSpendTokenPlace, BadLabel, AccountNotFound, AccountClosed, and KeyRetired when the
    owner key was replaced since the request began.
    """
    _check_bounds(wanted)
    label, service = labels.checked(wanted.label), _checked_service(wanted)
    bearer = parse_token(new_token(SPEND), strict=True)
    with transaction.atomic():
        _check_key_live(owner)
        account = ledger.locked(owner.tenant.id)
        if account.closed_at is not None:
            raise AccountClosed
        now = clock.now()
        token = SpendToken.objects.create(
            token_id=bearer.token_id,
            token_hash=bearer.hash,
            account=account,
            label=label,
            limit_micro_usd=wanted.limit_micro_usd,
            room_id=wanted.room_id,
            service=service,
            minted_by=owner.token_id,
            created_at=now,
            expires_at=now + timedelta(seconds=wanted.expires_in_seconds),
        )
        _record(owner.actor, "spend_token.minted", token)
    return Minted(token, bearer.text)


def revoke(token_id: str, *, tenant_id: str, actor: Actor) -> SpendToken:
    """Let the token pay for nothing more; what it holds now is settled as usual.

    Raises SpendTokenNotFound when the tenant has none of this id, or revoked it before.
    """
    if not _TOKEN_ID.fullmatch(token_id):
        raise SpendTokenNotFound
    with transaction.atomic():
        live = SpendToken.objects.filter(pk=token_id, account_id=tenant_id, revoked_at=None)
        token = live.select_for_update(no_key=True).first()
        if token is None:
            raise SpendTokenNotFound
        _revoke(token, actor=actor)
    return token


def revoke_all(tenant: Tenant, actor: Actor) -> int:
    """Revoke every living token of the tenant; how many there were."""
    with transaction.atomic():
        live = SpendToken.objects.filter(account_id=tenant.pk, revoked_at=None, expires_at__gt=clock.now())
        found = list(live.order_by("pk").select_for_update(no_key=True))
        for token in found:
            _revoke(token, actor=actor)
    return len(found)


def _revoke(token: SpendToken, *, actor: Actor) -> None:
    token.revoked_at = clock.now()
    token.save(update_fields=["revoked_at"])
    _record(actor, "spend_token.revoked", token)


def _check_key_live(owner: Owner) -> None:
    """Refuse a key that was replaced meanwhile. A reset locks the tenant too, so no token outlives the key's reset."""
    tenants.locked(owner.tenant.id)
    if not ApiKey.objects.filter(pk=owner.key.pk, retired_at=None, tenant__suspended_at=None).exists():
        raise KeyRetired


def _check_bounds(wanted: NewSpendToken) -> None:
    if not 0 < wanted.limit_micro_usd <= HIGHEST_MICRO_USD:
        raise BadAmount("The limit must be more than nothing, and at most a billion dollars")
    if not 0 < wanted.expires_in_seconds <= LONGEST_SECONDS:
        raise BadExpiry("A spend token lives from one second to 30 days")
    if wanted.room_id and not _ROOM_ID.fullmatch(wanted.room_id):
        raise BadSpendTokenPlace


def _checked_service(wanted: NewSpendToken) -> str:
    if not wanted.service.strip():
        return ""
    try:
        service = origin_of(wanted.service)
    except ValueError as error:
        raise BadSpendTokenPlace from error
    if len(service) > SERVICE_CHARS:
        raise BadSpendTokenPlace
    return service


def _record(actor: Actor, action: str, token: SpendToken) -> None:
    audit.record(
        actor,
        action,
        token.pk,
        tenant_id=token.account_id,
        limit_micro_usd=token.limit_micro_usd,
        committed_micro_usd=token.committed_micro_usd,
        room_id=token.room_id,
        expires_at=token.expires_at.isoformat(),
    )
