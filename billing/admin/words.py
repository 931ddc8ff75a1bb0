"""The words and colours for movements and states of money."""

from django.utils.safestring import SafeString

from billing.enums import EntryKind
from billing.models import Account, Entry
from hivemind.kit.admin import columns

KINDS: dict[EntryKind, tuple[str, str]] = {
    EntryKind.GRANT: ("success", "credit granted"),
    EntryKind.REFUND: ("success", "refunded"),
    EntryKind.DEBIT: ("danger", "debited"),
    EntryKind.EXPIRY: ("warning", "credit expired"),
    EntryKind.HOLD: ("info", "held for a run"),
    EntryKind.RELEASE: ("plain", "hold given back"),
    EntryKind.CHARGE: ("going", "charged for a run"),
}


def kind(entry: Entry) -> SafeString:
    """What a movement was."""
    return columns.badge(*KINDS[EntryKind(entry.kind)])


def state(account: Account) -> SafeString:
    """Whether an account is open, and on the right side of nothing."""
    if account.closed_at is not None:
        return columns.badge("plain", "closed")
    if account.balance_micro_usd < 0:
        return columns.badge("danger", "overdrawn")
    return columns.badge("success", "open")


def by(actor: str) -> str:
    """Who moved it: its kind, and its name."""
    return actor.replace(":", " ", 1)


def tenant(account_id: str, text: str = "") -> object:
    """The account behind an id, linked."""
    return columns.row("billing_account", account_id, text)


def run(run_id: str) -> object:
    """A run, linked; it may be gone, the books keep its id."""
    if not run_id:
        return columns.NOTHING
    return columns.link(columns.page_of("runner_run", run_id), run_id[:12])
