"""Grants that expire: whatever is spent is taken from the grant that expires soonest.

Money on hold counts as taken from the soonest grants too, and does not expire while it is held. All functions need the
account's row to be locked.
"""

from datetime import datetime

from django.db.models import QuerySet

from billing.enums import EntryKind
from billing.models import Account, CreditLot, Entry
from billing.services import entries
from hivemind.kit import clock
from hivemind.kit.audit import Actor


def open_lot(entry: Entry, *, account: Account, expires_at: datetime) -> CreditLot:
    """Watch over a grant that expires. What it filled of a hole in the balance is spent already."""
    total = account.balance_micro_usd + account.held_micro_usd
    return CreditLot.objects.create(
        entry=entry,
        account=account,
        amount_micro_usd=entry.amount_micro_usd,
        remaining_micro_usd=max(0, min(entry.amount_micro_usd, total)),
        expires_at=expires_at,
    )


def spend(account: Account, amount_micro_usd: int) -> None:
    """Take `amount_micro_usd` out of the lots, soonest first; what they do not cover was ordinary credit."""
    left = amount_micro_usd
    for lot in _open(account):
        taken = min(left, lot.remaining_micro_usd)
        _shrink(lot, taken)
        left -= taken
        if not left:
            return


def expire(account: Account, *, actor: Actor) -> int:
    """Take what is left of lots whose time is over, but not what is on hold; how much was taken."""
    now, on_hold, taken = clock.now(), account.held_micro_usd, 0
    for lot in _open(account).filter(expires_at__lte=now):
        kept = min(lot.remaining_micro_usd, on_hold)
        on_hold -= kept
        rest = min(lot.remaining_micro_usd - kept, max(account.balance_micro_usd, 0))
        if rest:
            _shrink(lot, rest)
            details = {"actor": "system", "act": "expiry", "of_entry": lot.entry.entry_id}
            entries.append(account, EntryKind.EXPIRY, -rest, actor=actor, note="credit expired", details=details)
            taken += rest
    return taken


def _open(account: Account) -> QuerySet[CreditLot]:
    rows = CreditLot.objects.filter(account=account, remaining_micro_usd__gt=0)
    return rows.select_related("entry").order_by("expires_at", "entry_id")


def _shrink(lot: CreditLot, amount_micro_usd: int) -> None:
    lot.remaining_micro_usd -= amount_micro_usd
    lot.save(update_fields=["remaining_micro_usd"])
