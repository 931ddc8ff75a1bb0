"""Moving money: grants, debits and refunds by operators; hold, then settle or void, for runs.

Every function locks the account's row first and writes its entries in the same transaction, so movements of one
account happen one after another. The figures on the account are kept by the database (`billing/migrations/0002`), which
also refuses whatever would contradict them. The two phases follow TigerBeetle's pending and posting transfers: a hold
is resolved by new rows that name it, and once only.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Sum

from billing.enums import EntryKind, Resolution
from billing.errors import (
    AccountClosed,
    AccountNotFound,
    BadAmount,
    BadExpiry,
    BadNote,
    HoldNotFound,
    HoldResolved,
    InsufficientCredit,
    Overdraft,
    RefundTooLarge,
)
from billing.models import Account, Entry, Hold
from billing.money import HIGHEST_MICRO_USD
from billing.services import entries, lots, spend_limits
from hivemind.kit import audit, bearers, clock
from hivemind.kit.audit import Actor

NOTE_CHARS = 200


@dataclass(frozen=True)
class Grant:
    """Credit to be given. `source` is `admin`, `credit_code` or `signup`; `details` join it in the statement.

    `key` is the giver's own name for this act: given again under it, nothing more moves. So for debits and refunds.
    """

    amount_micro_usd: int
    note: str = ""
    source: str = "admin"
    expires_at: datetime | None = None
    details: dict[str, Any] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True)
class HoldRequest:
    """Money to be set aside for a run. `spend_token_id` names the token that pays, empty for an owner key."""

    run_id: str
    tenant_id: str
    amount_micro_usd: int
    expires_at: datetime
    enforce: bool
    spend_token_id: str = ""
    details: dict[str, Any] = field(default_factory=dict)


def grant(tenant_id: str, given: Grant, *, actor: Actor) -> Entry:
    """Add credit. Raises BadAmount, BadNote, BadExpiry, RepeatDiffers, AccountNotFound, AccountClosed."""
    _check_amount(given.amount_micro_usd)
    _check_note(given.note)
    if given.expires_at is not None and given.expires_at <= clock.now():
        raise BadExpiry
    with transaction.atomic():
        account = locked(tenant_id)
        done = entries.done_before(account, EntryKind.GRANT, given.amount_micro_usd, note=given.note, key=given.key)
        if done is not None:
            return done
        if account.closed_at is not None:
            raise AccountClosed
        entry = entries.append(
            account,
            EntryKind.GRANT,
            given.amount_micro_usd,
            actor=actor,
            note=given.note,
            details={"actor": given.source, **given.details},
            entry_id=entries.id_for(account, given.key),
        )
        if given.expires_at is not None:
            lots.open_lot(entry, account=account, expires_at=given.expires_at)
        _tell(actor, "credit.granted", entry, source=given.source)
    return entry


def debit(
    tenant_id: str, amount_micro_usd: int, *, actor: Actor, note: str, allow_overdraft: bool = False, key: str = ""
) -> Entry:
    """Take credit away, for the reason in `note`.

    Raises Overdraft, BadAmount, BadNote, RepeatDiffers, AccountNotFound.
    """
    _check_amount(amount_micro_usd)
    _check_note(note, required=True)
    with transaction.atomic():
        account = locked(tenant_id)
        done = entries.done_before(account, EntryKind.DEBIT, -amount_micro_usd, note=note, key=key)
        if done is not None:
            return done
        if account.balance_micro_usd < amount_micro_usd and not allow_overdraft:
            raise Overdraft
        entry = entries.append(
            account,
            EntryKind.DEBIT,
            -amount_micro_usd,
            actor=actor,
            note=note,
            details={"actor": "admin", "act": "debit"},
            may_overdraw=allow_overdraft,
            entry_id=entries.id_for(account, key),
        )
        lots.spend(account, amount_micro_usd)
        _tell(actor, "credit.debited", entry)
    return entry


def refund(tenant_id: str, amount_micro_usd: int, *, actor: Actor, note: str, run_id: str = "", key: str = "") -> Entry:
    """Give charged money back, for the reason in `note`: at most what the account, with `run_id` that run, was charged.

    Raises RefundTooLarge, BadAmount, BadNote, RepeatDiffers, AccountNotFound.
    """
    _check_amount(amount_micro_usd)
    _check_note(note, required=True)
    with transaction.atomic():
        account = locked(tenant_id)
        done = entries.done_before(account, EntryKind.REFUND, amount_micro_usd, note=note, key=key)
        if done is not None:
            return done
        if amount_micro_usd > _refundable(account, run_id):
            raise RefundTooLarge
        details = {"actor": "admin", "act": "refund"} | ({"of_run": run_id} if run_id else {})
        entry = entries.append(
            account,
            EntryKind.REFUND,
            amount_micro_usd,
            actor=actor,
            note=note,
            run_id=run_id,
            details=details,
            entry_id=entries.id_for(account, key),
        )
        _tell(actor, "credit.refunded", entry, run_id=run_id)
    return entry


def hold(wanted: HoldRequest, *, actor: Actor) -> Hold:
    """Set money aside for a run. Call it in the transaction that stores the run.

    Raises InsufficientCredit when `enforce` is set and the balance does not cover it, what
    `spend_limits.reserve` says no with, AccountNotFound, AccountClosed.
    """
    _check_amount(wanted.amount_micro_usd)
    with transaction.atomic():
        account = locked(wanted.tenant_id)
        if account.closed_at is not None:
            raise AccountClosed
        now = clock.now()
        lots.expire(account, actor=actor)
        if wanted.enforce and account.balance_micro_usd < wanted.amount_micro_usd:
            raise InsufficientCredit(
                balance_micro_usd=account.balance_micro_usd, required_hold_micro_usd=wanted.amount_micro_usd
            )
        token = spend_limits.reserve(
            wanted.spend_token_id, account=account, amount_micro_usd=wanted.amount_micro_usd, at=now
        )
        standing = Hold.objects.create(
            run_id=wanted.run_id,
            account=account,
            token=token,
            amount_micro_usd=wanted.amount_micro_usd,
            created_at=now,
            expires_at=wanted.expires_at,
        )
        entries.append(
            account,
            EntryKind.HOLD,
            -wanted.amount_micro_usd,
            actor=actor,
            run_id=wanted.run_id,
            details=wanted.details,
            may_overdraw=not wanted.enforce,
        )
    return standing


def settle(run_id: str, *, cost_micro_usd: int, actor: Actor, details: dict[str, Any]) -> Hold:
    """Give the run's hold back and charge what it cost, at most the hold.

    Raises HoldNotFound, and HoldResolved when that happened before: a second settlement changes nothing.
    """
    return _resolve(run_id, Resolution.SETTLED, cost_micro_usd=cost_micro_usd, actor=actor, details=details)


def void(run_id: str, *, actor: Actor, reason: str, resolution: Resolution = Resolution.VOIDED) -> Hold:
    """Give the run's hold back and charge nothing. Raises HoldNotFound and HoldResolved."""
    return _resolve(run_id, resolution, cost_micro_usd=0, actor=actor, details={"reason": reason})


def expire_lots(tenant_id: str, *, actor: Actor) -> int:
    """Take what is left of this tenant's grants whose time is over; how much that was."""
    with transaction.atomic():
        return lots.expire(locked(tenant_id), actor=actor)


def locked(tenant_id: str) -> Account:
    """The account, locked until the end of the transaction. Raises AccountNotFound."""
    account = Account.objects.select_for_update(no_key=True).filter(pk=tenant_id).first()
    if account is None:
        raise AccountNotFound
    return account


def _resolve(
    run_id: str, resolution: Resolution, *, cost_micro_usd: int, actor: Actor, details: dict[str, Any]
) -> Hold:
    with transaction.atomic():
        standing = _locked_with_account(run_id)
        account = standing.account
        cost = min(max(cost_micro_usd, 0), standing.amount_micro_usd)
        standing.resolved_at, standing.resolution, standing.cost_micro_usd = clock.now(), resolution.value, cost
        resolved = Hold.objects.filter(pk=run_id, resolved_at=None).update(
            resolved_at=standing.resolved_at, resolution=resolution, cost_micro_usd=cost
        )
        if resolved != 1:
            raise HoldResolved
        if cost < cost_micro_usd:
            details = {**details, "capped_from_micro_usd": cost_micro_usd}
        shared = {**details, "resolution": resolution.value}
        moves = [entries.draft(account, EntryKind.RELEASE, standing.amount_micro_usd, actor=actor, run_id=run_id)]
        if cost:
            moves.append(entries.draft(account, EntryKind.CHARGE, -cost, actor=actor, run_id=run_id))
        for entry in moves:
            entry.details = shared
        Entry.objects.bulk_create(moves)
        if cost:
            lots.spend(account, cost)
    return standing


def _locked_with_account(run_id: str) -> Hold:
    """The hold of a run, with its account locked. Whether it stands is to be asked with the update that resolves it."""
    holds = Hold.objects.select_related("account").select_for_update(no_key=True, of=("account",))
    try:
        return holds.get(pk=run_id)
    except Hold.DoesNotExist as error:
        raise HoldNotFound from error


def _refundable(account: Account, run_id: str) -> int:
    """What was charged and not given back yet, to the account and, if one is named, to the run."""
    of_account = account.spent_micro_usd - _sum(account.entries.filter(kind=EntryKind.REFUND))
    if not run_id:
        return of_account
    of_run = account.entries.filter(run_id=run_id, kind__in=(EntryKind.CHARGE, EntryKind.REFUND))
    return min(of_account, -_sum(of_run))


def _sum(rows: QuerySet[Entry]) -> int:
    return rows.aggregate(total=Sum("amount_micro_usd"))["total"] or 0


def _check_amount(amount_micro_usd: int) -> None:
    if not 0 < amount_micro_usd <= HIGHEST_MICRO_USD:
        raise BadAmount("The amount must be more than nothing, and at most a billion dollars")


def _check_note(note: str, *, required: bool = False) -> None:
    if len(note) > NOTE_CHARS or "\0" in note or bearers.holds_one(note) or (required and not note.strip()):
        raise BadNote


def _tell(actor: Actor, action: str, entry: Entry, **details: Any) -> None:
    audit.record(
        actor,
        action,
        entry.entry_id,
        tenant_id=entry.account_id,
        amount_micro_usd=entry.amount_micro_usd,
        note=entry.note,
        **details,
    )
