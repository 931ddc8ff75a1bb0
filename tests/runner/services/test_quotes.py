"""What a run can cost at most."""

from hypothesis import given
from hypothesis import strategies as st

from billing.money import TokenPrice
from hivemind.kit import clock
from runner.budgets import mediator_tokens, query_tokens, scope_tokens
from runner.services import charging, quotes
from tests.factories.run_terms import KIMI, LITE, MINI, PRICE, SONNET, terms


def bound(tokens: int, *prices: TokenPrice | None) -> int:
    return quotes.of(terms(tokens, *prices), at=clock.now()).max_cost_micro_usd


def used(**stages: tuple[int, int]) -> dict:
    return {"stages": {n: {"prompt_tokens": p, "completion_tokens": c} for n, (p, c) in stages.items()}}


def test_one_model_for_all_stages_is_held_at_its_dearer_rate():
    assert bound(1_000_000, MINI, MINI) == 2_000_000
    assert bound(1_000_000, KIMI, KIMI, KIMI) == 3_500_000
    assert bound(500_000, KIMI, KIMI) == 1_750_000
    assert bound(1, TokenPrice(400_000, 400_000), TokenPrice(400_000, 400_000)) == 1


def test_a_cheap_query_after_a_dear_scope_is_not_held_at_the_dear_rate():
    assert bound(200_000, LITE, SONNET) == 3_000_000
    assert bound(200_000, SONNET, LITE) == 1_500_000 + 40_000


def test_a_dear_mediator_counts_whole_because_the_others_may_use_nothing():
    assert bound(200_000, LITE, LITE, SONNET) == 3_000_000


def test_free_models_are_held_at_nothing():
    assert bound(10**6, TokenPrice(0, 0), TokenPrice(0, 0)) == 0


def test_a_missing_price_is_named():
    quote = quotes.of(terms(1000, MINI, None, None), at=clock.now())
    assert quote.missing == ("openrouter/m1", "openrouter/m2")


def test_each_stage_is_rounded_up_on_its_own():
    cost = charging.cost_of(
        terms(10**6, KIMI, KIMI, KIMI), used(scope=(12_345, 678), query=(40_001, 2_003), mediator=(9_000, 500))
    )
    assert (cost.micro_usd, cost.missing) == (57_144, ())


def test_stages_cost_what_their_own_models_cost():
    assert charging.cost_of(terms(200_000, LITE, SONNET), used(scope=(10_000, 1_000), query=(30_000, 4_000))) == (
        charging.Cost(151_400)
    )


def test_usage_of_an_unpriced_model_is_told_and_not_charged():
    cost = charging.cost_of(terms(1000, MINI, None), used(scope=(1_000, 2_000), query=(5, 5), build=(7, 7)))
    assert cost == charging.Cost(4_250, ("openrouter/m1",))
    assert charging.cost_of(terms(1000, MINI, None), used(query=(0, 0))) == charging.Cost(0)


@given(st.integers(2, 10**6), PRICE, PRICE, st.none() | PRICE, st.data())
def test_no_way_of_using_the_budget_costs_more_than_the_bound(tokens, scope, query, mediator, data):
    prices = [scope, query, *([mediator] if mediator else [])]
    spent, left = {}, 0
    caps = {
        "scope": lambda: scope_tokens(tokens),
        "query": lambda: query_tokens(tokens, used=left, mediated=mediator is not None),
        "mediator": lambda: mediator_tokens(tokens, used=left) or 0,
    }
    for name, _ in zip(caps, prices, strict=False):
        total = data.draw(st.integers(0, caps[name]()))
        prompt = data.draw(st.integers(0, total))
        spent[name] = (prompt, total - prompt)
        left += total
    cost = charging.cost_of(terms(tokens, *prices), used(**spent)).micro_usd
    # Each stage is rounded up on its own; the hold caps what that adds.
    assert cost <= bound(tokens, *prices) + len(prices) - 1
