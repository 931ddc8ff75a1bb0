"""What the operator fills in to mint credit codes."""

from datetime import date, datetime
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextInputWidget

from billing import labels
from billing.admin import amounts
from billing.admin.account_forms import date_input, future
from billing.admin.amounts import DollarField
from billing.admin.once import OncePage
from billing.errors import BadLabel
from billing.services.credit_codes import MOST_USES

AT_ONCE = 500
LABEL_CHARS = labels.LONGEST - 12  # room for the number of a code within its batch
LONGEST_DAYS = 3_650


def _whole(least: int, most: int, **options: Any) -> forms.IntegerField:
    widget = UnfoldAdminIntegerFieldWidget({"min": least, "max": most})
    return forms.IntegerField(min_value=least, max_value=most, widget=widget, **options)


class MintForm(OncePage):
    """Codes of one kind."""

    amount = DollarField(label="Worth, in dollars", help_text="What each redemption adds to the tenant's balance.")
    uses = _whole(1, MOST_USES, initial=1, label="Uses", help_text="By how many tenants. One tenant, one use.")
    count = _whole(1, AT_ONCE, initial=1, label="How many codes", help_text="A batch of equal codes to hand out.")
    expires_in_days = _whole(1, LONGEST_DAYS, required=False, label="Expires in days")
    expires_on = date_input(
        label="or expires on",
        help_text="The last day, in UTC, on which it can be redeemed. Leave both empty for a code without end.",
    )
    label = forms.CharField(
        required=False,
        max_length=LABEL_CHARS,
        widget=UnfoldAdminTextInputWidget({"autocomplete": "off"}),
        help_text="What the codes are for, to find them again: an event, a customer.",
    )
    field_order = ("amount", "uses", "count", "expires_in_days", "expires_on", "label")

    def clean_expires_on(self) -> date | None:
        """A day to come."""
        return future(self.cleaned_data["expires_on"])

    def clean_label(self) -> str:
        """The label; one that holds a key is refused."""
        try:
            return labels.checked(self.cleaned_data["label"])
        except BadLabel as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        """One way to say when they expire."""
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        if chosen.get("expires_on") and chosen.get("expires_in_days"):
            self.add_error("expires_on", "Say it one way: in days, or as a day.")
        return chosen

    @property
    def expires_at(self) -> datetime | None:
        """When the codes expire."""
        if self.cleaned_data["expires_in_days"]:
            return amounts.in_days(self.cleaned_data["expires_in_days"])
        day = self.cleaned_data["expires_on"]
        return amounts.end_of(day) if day else None

    def label_of(self, number: int) -> str:
        """The label of the code with this number, from 1, in its batch."""
        label, count = self.cleaned_data["label"], self.cleaned_data["count"]
        return f"{label} {number}/{count}".strip() if count > 1 else label
