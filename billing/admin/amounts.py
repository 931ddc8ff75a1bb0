"""How money is written for the operator, and read from a form."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from billing import money
from billing.errors import BadAmount
from hivemind.kit import clock
from hivemind.kit.admin import columns

CENT = money.PER_DOLLAR // 100


def plain(amount_micro_usd: int, *, signed: bool = False) -> str:
    """`$1,234.50`, rounded to the cent; below a dollar `$0.0032`, or as many digits as it takes to be something."""
    size = abs(amount_micro_usd)
    places = 2 if size >= money.PER_DOLLAR or not size % CENT else 4 if size >= CENT // 100 else 6
    return _written(money.dollars(size, places=places), amount_micro_usd, signed=signed)


def exact(amount_micro_usd: int, *, signed: bool = False) -> str:
    """All six digits: `-$0.003200`."""
    return _written(money.dollars(abs(amount_micro_usd)), amount_micro_usd, signed=signed)


def amount(amount_micro_usd: int, *, signed: bool = False, digits: bool = False) -> SafeString:
    """Money in a list, red below nothing, with the exact amount under the pointer. `digits` shows all of them."""
    mood = " hm-negative" if amount_micro_usd < 0 and not signed else ""
    said = exact(amount_micro_usd, signed=signed) if digits else plain(amount_micro_usd, signed=signed)
    return format_html('<span class="hm-money{}" title="{}">{}</span>', mood, exact(amount_micro_usd), said)


def rate(micro_usd_per_mtok: int) -> str:
    """Dollars for a million tokens."""
    whole, _, part = money.dollars(micro_usd_per_mtok).partition(".")
    return f"${int(whole):,}.{part.rstrip('0').ljust(2, '0')}"


def decimal(amount_micro_usd: int) -> Decimal:
    """Dollars for a spreadsheet, exact."""
    return Decimal(money.dollars(amount_micro_usd))


class DollarField(forms.CharField):
    """Dollars as people write them; whole micro-USD in `cleaned_data`. `least` is the smallest amount allowed."""

    def __init__(self, *, least_micro_usd: int = 1, **options: Any) -> None:
        widget = UnfoldAdminTextInputWidget({"inputmode": "decimal", "autocomplete": "off", "placeholder": "0.00"})
        super().__init__(max_length=money.LONGEST_TEXT, widget=widget, **options)
        self._least_micro_usd = least_micro_usd

    def clean(self, value: Any) -> Any:
        """Raise ValidationError for what is no amount."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return money.micro_usd(text.removeprefix("$"), field="The amount", minimum=self._least_micro_usd)
        except BadAmount as error:
            raise forms.ValidationError(str(error)) from error


def end_of(day: date) -> datetime:
    """The last second of a day of UTC."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=clock.now().tzinfo)


def in_days(count: int) -> datetime:
    """That many days from now."""
    return clock.now() + timedelta(days=count)


def until(at: datetime | None) -> object:
    """When something expires."""
    return columns.both(at) if at else "never"


def _written(dollars: str, amount_micro_usd: int, *, signed: bool) -> str:
    whole, _, part = dollars.partition(".")
    sign = "-" if amount_micro_usd < 0 else "+" if signed and amount_micro_usd else ""
    return f"{sign}${int(whole):,}.{part}"
