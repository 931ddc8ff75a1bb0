"""What a run can cost at most, from frozen terms and the prices in force: before the ask, and as the hold of one.

The stages share one budget of tokens, and each can use only so much of it. The bound gives the tokens to the dearest
stage first, as far as that stage can use them, then to the next; no way of using the budget costs more. A token counts
at the dearer of its model's two rates, because nobody knows beforehand which are prompt and which are answer. Those of
the scope stage may go into simulations of the query stage, and so count at the dearest rate of both.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from billing.money import TokenPrice, rounded_up
from billing.selectors import prices
from hivemind.kit import clock
from rooms.selectors import rooms
from rooms.services import vault
from runner.budgets import stage_caps
from runner.services import agreeing
from runner.services.requests import RunRequest
from runner.terms import RunTerms, StageTerms
from tenants.principals import Principal


@dataclass(frozen=True)
class StageQuote:
    """One stage: the most tokens it can use, and what they would cost if it used them all.

    `highest_rate` is the most that one of its tokens can cost, in micro-USD for a million.
    """

    name: str
    model: str
    max_tokens: int
    price: TokenPrice | None
    highest_rate: int
    max_cost_micro_usd: int


@dataclass(frozen=True)
class Quote:
    """What a run can cost at most, in micro-USD. `missing` names models without a price as `provider/model`."""

    room_id: str
    provider: str
    max_tokens: int
    max_cost_micro_usd: int
    stages: tuple[StageQuote, ...]
    missing: tuple[str, ...]
    priced_at: datetime


def for_ask(principal: Principal, room_id: str, request: RunRequest) -> Quote:
    """The quote for an ask that is not made yet. Raises what the ask itself would be refused for.

    In a room to which participants bring their query agents it need not name one: then one is to come with the ask.
    """
    loaded = rooms.load(principal, room_id)
    if loaded.terms.uploadable and not request.query_agent_id:
        cast = agreeing.cast_with(agreeing.to_come(loaded), loaded, request)
    else:
        cast = agreeing.cast_of(loaded, request, principal=principal)
    now = clock.now()
    terms = agreeing.freeze(loaded, request, cast, vault_items=vault.count(loaded.room))
    return of(priced(terms, at=now), at=now)


def priced(terms: RunTerms, *, at: datetime) -> RunTerms:
    """The terms with the price of each stage's model at this moment. One query, none without a provider."""
    if not terms.provider:
        return terms
    found = prices.in_force(terms.provider, models={stage.model for _, stage in terms.stages}, at=at)
    stages: dict[str, Any] = {name: _with_price(stage, found.get(stage.model)) for name, stage in terms.stages}
    return replace(terms, **stages)


def of(terms: RunTerms, *, at: datetime) -> Quote:
    """The quote of priced terms."""
    if not terms.provider:
        return Quote(terms.room_id, "", terms.max_tokens, 0, (), (), at)
    caps = stage_caps(terms.max_tokens, mediated=terms.mediator is not None)
    rates = {name: _rate(stage.price) for name, stage in terms.stages}
    rates["scope"] = max(rates["scope"], rates["query"])
    stages = tuple(_stage(name, stage, caps[name], rates[name]) for name, stage in terms.stages)
    return Quote(
        room_id=terms.room_id,
        provider=terms.provider,
        max_tokens=terms.max_tokens,
        max_cost_micro_usd=_bound(stages, terms.max_tokens),
        stages=stages,
        missing=tuple(dict.fromkeys(f"{terms.provider}/{stage.model}" for stage in stages if stage.price is None)),
        priced_at=at,
    )


def _with_price(stage: StageTerms, price: TokenPrice | None) -> StageTerms:
    if price is None:
        return stage
    return replace(
        stage,
        prompt_micro_usd_per_mtok=price.prompt_micro_usd,
        completion_micro_usd_per_mtok=price.completion_micro_usd,
    )


def _stage(name: str, stage: StageTerms, cap: int, rate: int) -> StageQuote:
    return StageQuote(name, stage.model, cap, stage.price, rate, rounded_up(cap * rate))


def _bound(stages: tuple[StageQuote, ...], tokens: int) -> int:
    left, total = tokens, 0
    for stage in sorted(stages, key=lambda stage: -stage.highest_rate):
        used = min(stage.max_tokens, left)
        total += used * stage.highest_rate
        left -= used
    return rounded_up(total)


def _rate(price: TokenPrice | None) -> int:
    return price.highest_micro_usd if price else 0
