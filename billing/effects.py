"""What a price would have meant: asked of the app that knows runs, which this one must not know."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing.money import TokenPrice


@dataclass(frozen=True)
class Effect:
    """The stages of runs since a moment that used one model, and what they come to.

    `charged_micro_usd` is at the prices that they were quoted, `would_micro_usd` at the price asked about. `capped`
    says that there were more runs than were looked at.
    """

    run_count: int
    prompt_tokens: int
    completion_tokens: int
    charged_micro_usd: int
    would_micro_usd: int
    capped: bool = False


@dataclass(frozen=True)
class Used:
    """A model that runs have used."""

    provider: str
    model: str
    run_count: int


EffectOf = Callable[[str, str, TokenPrice, datetime], Effect]
UsedSince = Callable[[datetime], Sequence[Used]]
_tellers: list[tuple[EffectOf, UsedSince]] = []


def register(effect_of: EffectOf, used_since: UsedSince) -> None:
    """Have these functions tell about runs."""
    _tellers.append((effect_of, used_since))


def of_price(provider: str, model: str, *, price: TokenPrice, since: datetime) -> Effect | None:
    """What the runs since a moment would have cost; None while nobody tells."""
    return _tellers[0][0](provider, model, price, since) if _tellers else None


def models_used(since: datetime) -> Sequence[Used]:
    """The models that runs have used since a moment, the most used first."""
    return _tellers[0][1](since) if _tellers else ()
