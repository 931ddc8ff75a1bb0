"""What the operator fills in to move money by hand."""

from datetime import date
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from billing.admin import amounts
from billing.admin.amounts import DollarField
from billing.admin.once import OncePage, Why
from billing.models import Account
from billing.selectors import of_run
from hivemind.kit import clock

TOLD = "One sentence. It stands in the tenant's statement for ever: name no secrets."
RUN_CHARS = 64


def date_input(**options: Any) -> forms.DateField:
    """A day, optional, after today. The browser's own calendar, which needs no script of ours."""
    widget = UnfoldAdminTextInputWidget({"type": "date"})
    return forms.DateField(required=False, widget=widget, **options)


def future(day: date | None) -> date | None:
    """The day; raises ValidationError unless it is to come."""
    if day is not None and day <= clock.now().date():
        raise forms.ValidationError("Choose a day after today.")
    return day


class MoneyForm(OncePage):
    """An amount for an account, and why."""

    amount = DollarField(label="Amount in dollars")
    note = Why(help_text=TOLD)

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account


class GrantForm(MoneyForm):
    """Credit to be given."""

    expires_on = date_input(
        label="Expires on",
        help_text="The last day, in UTC, on which it can be spent. Leave it empty for credit that does not expire.",
    )
    field_order = ("amount", "expires_on", "note")

    def clean_expires_on(self) -> date | None:
        """A day to come."""
        return future(self.cleaned_data["expires_on"])


class DebitForm(MoneyForm):
    """Credit to be taken."""

    overdraw = forms.BooleanField(
        required=False,
        label="The balance may fall below zero",
        widget=UnfoldBooleanWidget,
        help_text="For example to take back credit that was granted by mistake and is spent already.",
    )
    field_order = ("amount", "overdraw", "note")

    def clean(self) -> dict[str, Any]:
        """Refuse what the balance does not cover, unless that was meant."""
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        taken = chosen.get("amount") or 0
        if taken > self.account.balance_micro_usd and not chosen.get("overdraw"):
            balance = amounts.exact(self.account.balance_micro_usd)
            self.add_error("amount", f"That is more than the balance of {balance}.")
        return chosen


class RefundForm(MoneyForm):
    """Charged money to be given back, of one run or of none in particular."""

    run_id = forms.CharField(
        required=False,
        label="Of run",
        max_length=RUN_CHARS,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
        help_text="The id of the run whose charge is given back. Leave it empty for a refund of no run in particular.",
    )
    field_order = ("run_id", "amount", "note")

    def clean(self) -> dict[str, Any]:
        """Refuse what was not charged."""
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        wanted, run_id = chosen.get("amount") or 0, (chosen.get("run_id") or "").strip()
        chosen["run_id"] = run_id
        if run_id:
            self._check_run(run_id, wanted)
        elif wanted > self.account.spent_micro_usd:
            self.add_error("amount", f"The account has spent {amounts.exact(self.account.spent_micro_usd)} in all.")
        return chosen

    def _check_run(self, run_id: str, wanted: int) -> None:
        money = of_run.money_of(run_id)
        if not any(entry.account_id == self.account.pk for entry in money.entries):
            self.add_error("run_id", "This account has paid for no run of that id.")
        elif wanted > money.refundable_micro_usd:
            self.add_error("amount", f"Of that run {amounts.exact(money.refundable_micro_usd)} can be given back.")
