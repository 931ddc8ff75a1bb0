"""What one run moved: its hold, what it was charged, and what of that was given back."""

from collections.abc import Sequence
from dataclasses import dataclass

from billing.enums import EntryKind
from billing.models import Entry, Hold


@dataclass(frozen=True)
class RunMoney:
    """A run's movements, oldest first, and its hold, None when nothing was set aside for it."""

    run_id: str
    hold: Hold | None
    entries: Sequence[Entry]

    @property
    def charged_micro_usd(self) -> int:
        """What it cost."""
        return -self._sum(EntryKind.CHARGE)

    @property
    def refunded_micro_usd(self) -> int:
        """What of its cost was given back."""
        return self._sum(EntryKind.REFUND)

    @property
    def refundable_micro_usd(self) -> int:
        """What of its cost may still be given back."""
        return self.charged_micro_usd - self.refunded_micro_usd

    def _sum(self, kind: EntryKind) -> int:
        return sum(entry.amount_micro_usd for entry in self.entries if entry.kind == kind)


def money_of(run_id: str) -> RunMoney:
    """What the run with this id moved, whether or not there is such a run still."""
    hold = Hold.objects.filter(pk=run_id).first()
    entries = list(Entry.objects.filter(run_id=run_id).order_by("id")) if run_id else []
    return RunMoney(run_id, hold, entries)
