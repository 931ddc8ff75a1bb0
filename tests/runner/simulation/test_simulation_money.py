"""What simulations cost: the query stage's price for tokens of the scope stage's budget, never beyond the hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.money import TokenPrice
from hivemind.kit import clock
from runner.budgets import query_tokens, scope_tokens
from runner.services import charging, model_use, quotes
from runner.terms import RunTerms
from tests.factories.run_terms import LITE, PRICE, SONNET, terms


def used(scope: tuple[int, int], rehearsed: tuple[int, int], query: tuple[int, int] = (0, 0)) -> dict:
    inner = dict(zip(("prompt_tokens", "completion_tokens"), rehearsed, strict=True))
    outer = dict(zip(("prompt_tokens", "completion_tokens"), scope, strict=True))
    asked = dict(zip(("prompt_tokens", "completion_tokens"), query, strict=True))
    return {"stages": {"scope": {**outer, "simulations": inner}, "query": asked}}


def priced(tokens: int, scope: TokenPrice, query: TokenPrice) -> RunTerms:
    return terms(tokens, scope, query)


def test_simulations_are_charged_at_the_query_stages_price():
    cost = charging.cost_of(priced(200_000, LITE, SONNET), used((11_000, 2_000), (10_000, 1_000), (500, 0)))
    own, rehearsed, query = 100 + 400, 30_000 + 15_000, 1_500
    assert cost == charging.Cost(own + rehearsed + query)


def test_the_hold_of_a_cheap_scope_stage_covers_simulations_of_a_dear_query_stage():
    quote = quotes.of(priced(200_000, LITE, SONNET), at=clock.now())
    assert [stage.max_cost_micro_usd for stage in quote.stages] == [1_500_000, 3_000_000]
    assert quote.max_cost_micro_usd == 3_000_000
    dear_scope = quotes.of(priced(200_000, SONNET, LITE), at=clock.now())
    assert dear_scope.max_cost_micro_usd == 1_500_000 + 40_000


@pytest.mark.parametrize("rehearsed", [(0, 0), (-5, 0), (10**9, 10**9)])
def test_counts_that_cannot_be_cost_nothing_twice(rehearsed):
    found = list(model_use.of(priced(1_000, LITE, LITE), used((100, 100), rehearsed)))
    assert all(use.prompt_tokens >= 0 and use.completion_tokens >= 0 for use in found)
    assert [use.name for use in found if use.name != "simulation"] == ["scope", "query"]


def test_simulations_of_an_unpriced_query_model_are_told_and_not_charged():
    cost = charging.cost_of(terms(1000, LITE, None), used((100, 100), (100, 100)))
    assert cost == charging.Cost(0, ("openrouter/m1",))


@given(st.integers(2, 10**6), PRICE, PRICE, st.data())
def test_no_way_of_rehearsing_costs_more_than_the_hold(tokens, scope, query, data):
    whole = data.draw(st.integers(0, scope_tokens(tokens)))
    prompt = data.draw(st.integers(0, whole))
    rehearsed = (data.draw(st.integers(0, prompt)), data.draw(st.integers(0, whole - prompt)))
    asked = data.draw(st.integers(0, query_tokens(tokens, used=whole, mediated=False)))
    usage = used((prompt, whole - prompt), rehearsed, (0, asked) if tokens - whole else (0, 0))
    run_terms = priced(tokens, scope, query)
    cost = charging.cost_of(run_terms, usage).micro_usd
    # Each part is rounded up on its own; the hold caps what that adds.
    assert cost <= quotes.of(run_terms, at=clock.now()).max_cost_micro_usd + 2
