"""Amounts and prices: whole micro-USD, with every rounding of the service in this one place."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from billing.errors import BadAmount

PER_DOLLAR = 1_000_000
PER_MILLION = 1_000_000
# A billion dollars: far above any real amount, and far below where 64-bit sums could overflow.
HIGHEST_DOLLARS = 1_000_000_000
HIGHEST_MICRO_USD = HIGHEST_DOLLARS * PER_DOLLAR
LONGEST_TEXT = 40


@dataclass(frozen=True)
class TokenPrice:
    """Micro-USD for a million prompt and for a million completion tokens."""

    prompt_micro_usd: int
    completion_micro_usd: int

    @property
    def highest_micro_usd(self) -> int:
        """The dearer of the two rates."""
        return max(self.prompt_micro_usd, self.completion_micro_usd, 0)


def micro_usd(value: Any, *, field: str, minimum: int = 0) -> int:
    """Dollars as a person or a client writes them, in micro-USD, half a micro-dollar rounded up.

    `minimum` is in micro-USD and holds after rounding. Raises BadAmount, naming `field`, for what is no plain decimal
    number: NaN, infinities, other scripts' digits, lists, truth values; and for amounts below `minimum` or absurdly
    large.
    """
    amount = _decimal(value, field)
    if not -HIGHEST_DOLLARS <= amount <= HIGHEST_DOLLARS:
        raise BadAmount(f"{field} is too large")
    rounded = int((amount * PER_DOLLAR).to_integral_value(ROUND_HALF_UP))
    if amount < 0 or rounded < minimum:
        least = f"at least {dollars(minimum)} dollars" if minimum else "not negative"
        raise BadAmount(f"{field} must be {least}")
    return rounded


def dollars(amount_micro_usd: int, *, places: int = 6) -> str:
    """The exact amount in dollars; `places` below 6 rounds half up, for people."""
    exact = Decimal(amount_micro_usd) / PER_DOLLAR
    return f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP):f}"


def charge_micro_usd(*, prompt_tokens: int, completion_tokens: int, price: TokenPrice) -> int:
    """The price of one stage's tokens, rounded up; negative counts and rates count as nothing."""
    prompt = max(prompt_tokens, 0) * max(price.prompt_micro_usd, 0)
    completion = max(completion_tokens, 0) * max(price.completion_micro_usd, 0)
    return rounded_up(prompt + completion)


def rounded_up(millionths: int) -> int:
    """Token-rate products in whole micro-USD, rounded up."""
    return -(-millionths // PER_MILLION)


def _decimal(value: Any, field: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadAmount(f"{field} must be a decimal number such as 3.00")
    text = str(value).strip() if not isinstance(value, int) or abs(value) < HIGHEST_MICRO_USD else ""
    if not text.isascii() or not 0 < len(text) <= LONGEST_TEXT or "_" in text:
        raise BadAmount(f"{field} must be a decimal number such as 3.00")
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise BadAmount(f"{field} must be a decimal number such as 3.00") from error
    if not amount.is_finite():
        raise BadAmount(f"{field} must be a decimal number such as 3.00")
    return amount
