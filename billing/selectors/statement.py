"""The statement: entries in the four words of the wire."""

from typing import Any

from django.db.models import QuerySet

from billing.enums import PUBLIC, EntryKind
from billing.models import Entry
from billing.models.entry import OF_A_RUN
from hivemind.kit import clock


def entries_of(tenant_id: str) -> QuerySet[Entry]:
    """The account's entries, newest first."""
    return Entry.objects.filter(account_id=tenant_id).order_by("-position")


def to_wire(entry: Entry) -> dict[str, Any]:
    """One entry as the wire tells it. Operators' debits and expired credit count as usage, refunds as grants."""
    metadata = dict(entry.details)
    if entry.kind in (EntryKind.GRANT, EntryKind.REFUND, EntryKind.DEBIT, EntryKind.EXPIRY):
        metadata = {"note": entry.note, **metadata}
    return {
        "entry_id": entry.entry_id,
        "tenant_id": entry.account_id,
        "created_at": clock.unix(entry.created_at),
        "kind": PUBLIC[EntryKind(entry.kind)].value,
        "run_id": entry.run_id if entry.kind in OF_A_RUN else None,
        "amount_micro_usd": entry.amount_micro_usd,
        "metadata": metadata,
    }
