"""What tokens cost: whole micro-USD, rounded up, once per stage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PER_MILLION = 1_000_000


@dataclass(frozen=True)
class TokenPrice:
    """Micro-USD for a million prompt and for a million completion tokens."""

    prompt_micro_usd: int
    completion_micro_usd: int

    @property
    def highest_micro_usd(self) -> int:
        """The dearer of the two rates."""
        return max(self.prompt_micro_usd, self.completion_micro_usd, 0)


def charge_micro_usd(*, prompt_tokens: int, completion_tokens: int, price: TokenPrice) -> int:
    """The price of one stage's tokens; negative counts and rates count as nothing."""
    prompt = max(prompt_tokens, 0) * max(price.prompt_micro_usd, 0)
    completion = max(completion_tokens, 0) * max(price.completion_micro_usd, 0)
    return _rounded_up(prompt + completion)


def hold_micro_usd(*, max_tokens: int, prices: Iterable[TokenPrice]) -> int:
    """What a run with this token budget can cost at most, whichever of its models uses it up."""
    highest = max((price.highest_micro_usd for price in prices), default=0)
    return _rounded_up(max(max_tokens, 0) * highest)


def _rounded_up(millionths: int) -> int:
    return -(-millionths // PER_MILLION)
