"""The next entry of an account: numbered, dated, and known again when the same act is asked for twice.

All functions but `id_for` need the account's row to be locked, and keep `account` as the database is going to have it.
"""

import hashlib
from typing import Any

from billing.enums import EntryKind
from billing.errors import RepeatDiffers
from billing.models import Account, Entry
from hivemind.kit import clock, ids
from hivemind.kit.audit import Actor


def id_for(account: Account, key: str) -> str:
    """The id of the entry for an act under this key: the same each time, so that the database refuses a second one."""
    if not key:
        return ids.entry_id()
    return f"ble_{hashlib.sha256(f'{account.pk}|{key}'.encode()).hexdigest()[:24]}"


def done_before(account: Account, kind: EntryKind, amount_micro_usd: int, *, note: str, key: str) -> Entry | None:
    """The entry of the same act under this key, if there was one. Raises RepeatDiffers when it was another act."""
    done = Entry.objects.filter(entry_id=id_for(account, key)).first() if key else None
    if done is not None and (done.kind, done.amount_micro_usd, done.note) != (kind, amount_micro_usd, note):
        raise RepeatDiffers
    return done


def append(account: Account, kind: EntryKind, amount_micro_usd: int, *, actor: Actor, **values: Any) -> Entry:
    """Store the next entry; `values` are its other fields."""
    entry = draft(account, kind, amount_micro_usd, actor=actor, **values)
    entry.save(force_insert=True)
    return entry


def draft(account: Account, kind: EntryKind, amount_micro_usd: int, *, actor: Actor, **values: Any) -> Entry:
    """The next entry, not stored yet; several are stored in the order in which they were drafted."""
    account.entry_count += 1
    account.balance_micro_usd += amount_micro_usd
    if kind in (EntryKind.HOLD, EntryKind.RELEASE):
        account.held_micro_usd -= amount_micro_usd
    values.setdefault("entry_id", ids.entry_id())
    return Entry(
        account=account,
        position=account.entry_count,
        kind=kind,
        amount_micro_usd=amount_micro_usd,
        balance_after_micro_usd=account.balance_micro_usd,
        actor=actor.name,
        created_at=clock.now(),
        **values,
    )
