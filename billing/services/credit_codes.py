"""Credit codes: an operator mints and revokes them, tenants redeem them.

The database counts a code's redemptions. Locks are taken in one order: the code's row, then, inside `ledger.grant`, the
account's. Nothing that holds an account ever asks for a code. So redemptions of one code happen one after another, each
sees what the one before it did, and each refusal names the reason that holds at that moment.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from attestation.errors import TokenError
from attestation.tokens import CREDIT, Token, new_token, parse_token
from billing import labels
from billing.errors import (
    AccountClosed,
    BadAmount,
    BadExpiry,
    BadUses,
    CreditCodeExhausted,
    CreditCodeExpired,
    CreditCodeInvalid,
    CreditCodeNotFound,
    CreditCodeRedeemed,
    CreditCodeRevoked,
)
from billing.models import Account, CreditCode, Entry, Redemption
from billing.money import HIGHEST_MICRO_USD
from billing.selectors import accounts, codes
from billing.services import ledger
from billing.services.ledger import Grant
from hivemind.kit import audit, clock, ids
from hivemind.kit.audit import Actor

MOST_USES = 1_000_000
_CODE_ID = re.compile(r"cc_[0-9a-f]{16}")


@dataclass(frozen=True)
class NewCode:
    """A code to be minted. It may be worth nothing; it may have no end."""

    credit_micro_usd: int
    max_redemptions: int = 1
    expires_at: datetime | None = None
    label: str = ""


@dataclass(frozen=True)
class Minted:
    """A code's row and its text, which is shown this once."""

    code: CreditCode
    text: str = field(repr=False)


@dataclass(frozen=True)
class Redeemed:
    """One use of a code, and what the account has after it."""

    redemption: Redemption
    credit_micro_usd: int
    balance_micro_usd: int


def mint(wanted: NewCode, *, actor: Actor) -> Minted:
    """Make a code. Raises BadAmount, BadUses, BadExpiry, BadLabel."""
    _check(wanted)
    label = labels.checked(wanted.label)
    token = parse_token(new_token(CREDIT), strict=True)
    with transaction.atomic():
        code = CreditCode.objects.create(
            code_id=ids.credit_code_id(),
            code_hash=token.hash,
            label=label,
            credit_micro_usd=wanted.credit_micro_usd,
            max_redemptions=wanted.max_redemptions,
            created_at=clock.now(),
            created_by=actor.name,
            expires_at=wanted.expires_at,
        )
        audit.record(
            actor,
            "credit_code.minted",
            code.pk,
            credit_micro_usd=code.credit_micro_usd,
            max_redemptions=code.max_redemptions,
            expires_at=code.expires_at.isoformat() if code.expires_at else None,
        )
    return Minted(code, token.text)


def revoke(code_id: str, *, actor: Actor) -> CreditCode:
    """Let nobody redeem the code from now on; what was granted stays. Raises CreditCodeNotFound."""
    if not _CODE_ID.fullmatch(code_id):
        raise CreditCodeNotFound
    with transaction.atomic():
        code = CreditCode.objects.select_for_update(no_key=True).filter(pk=code_id, revoked_at=None).first()
        if code is None:
            raise CreditCodeNotFound
        code.revoked_at = clock.now()
        code.save(update_fields=["revoked_at"])
        audit.record(actor, "credit_code.revoked", code.pk, redeemed_count=code.redeemed_count)
    return code


def redeem(
    text: str, *, tenant_id: str, actor: Actor, source: str = "credit_code", note: str = "credit code"
) -> Redeemed:
    """Use the code once for this tenant: the use, its record and the grant happen together or not at all.

    Raises, in this order, AccountNotFound, AccountClosed, CreditCodeInvalid, CreditCodeRevoked, CreditCodeExpired,
    CreditCodeExhausted, CreditCodeRedeemed. A code that is worth nothing is used up and leaves no entry.
    """
    with transaction.atomic():
        account = accounts.get(tenant_id)
        if account.closed_at is not None:
            raise AccountClosed
        code = _locked(_parsed(text))
        now = clock.now()
        _check_usable(code, account, at=now)
        redemption_id = ids.redemption_id()
        entry = None
        if code.credit_micro_usd:
            details = {"code_id": code.pk, "redemption_id": redemption_id}
            given = Grant(code.credit_micro_usd, note=note, source=source, details=details)
            entry = ledger.grant(tenant_id, given, actor=actor)
        redemption = Redemption.objects.create(
            redemption_id=redemption_id, code=code, account=account, entry=entry, created_at=now
        )
        _record(redemption, entry, actor=actor)
        balance = entry.balance_after_micro_usd if entry else account.balance_micro_usd
    return Redeemed(redemption, code.credit_micro_usd, balance)


def _parsed(text: str) -> Token:
    try:
        token = parse_token(text.strip())
    except TokenError as error:
        raise CreditCodeInvalid from error
    if token.prefix != CREDIT:
        raise CreditCodeInvalid
    return token


def _locked(token: Token) -> CreditCode:
    code = CreditCode.objects.select_for_update(no_key=True).filter(code_hash=token.hash).first()
    if code is None:
        raise CreditCodeInvalid
    return code


def _check_usable(code: CreditCode, account: Account, *, at: datetime) -> None:
    if code.revoked_at is not None:
        raise CreditCodeRevoked
    if codes.expired(code, at=at):
        raise CreditCodeExpired
    if codes.remaining(code) <= 0:
        raise CreditCodeExhausted
    if Redemption.objects.filter(code=code, account=account).exists():
        raise CreditCodeRedeemed


def _check(wanted: NewCode) -> None:
    if not 0 <= wanted.credit_micro_usd <= HIGHEST_MICRO_USD:
        raise BadAmount("The credit must not be negative, and at most a billion dollars")
    if not 1 <= wanted.max_redemptions <= MOST_USES:
        raise BadUses
    if wanted.expires_at is not None and wanted.expires_at <= clock.now():
        raise BadExpiry


def _record(redemption: Redemption, entry: Entry | None, *, actor: Actor) -> None:
    audit.record(
        actor,
        "credit_code.redeemed",
        redemption.code_id,
        tenant_id=redemption.account_id,
        redemption_id=redemption.pk,
        entry_id=entry.entry_id if entry else "",
    )
