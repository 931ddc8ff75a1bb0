"""What tokens cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.llm.pricing import TokenPrice, charge_micro_usd, hold_micro_usd

KIMI = TokenPrice(750_000, 3_500_000)
MINI = TokenPrice(250_000, 2_000_000)
SONNET = TokenPrice(3_000_000, 15_000_000)
LITE = TokenPrice(100_000, 400_000)


@pytest.mark.parametrize(
    ("price", "prompt", "answer", "charge"),
    [
        (MINI, 1_000, 2_000, 4_250),
        (KIMI, 12_345, 678, 11_632),
        (KIMI, 40_001, 2_003, 37_012),
        (KIMI, 9_000, 500, 8_500),
        (LITE, 10_000, 1_000, 1_400),
        (SONNET, 30_000, 4_000, 150_000),
        (KIMI, 0, 0, 0),
        (KIMI, -5, -5, 0),
        (TokenPrice(-1, -1), 100, 100, 0),
        (TokenPrice(1, 0), 1, 0, 1),
    ],
)
def test_a_stage_costs_its_tokens_rounded_up(price, prompt, answer, charge):
    assert charge_micro_usd(prompt_tokens=prompt, completion_tokens=answer, price=price) == charge


@pytest.mark.parametrize(
    ("tokens", "prices", "hold"),
    [
        (1_000_000, [MINI], 2_000_000),
        (1_000_000, [KIMI] * 3, 3_500_000),
        (200_000, [LITE, SONNET, LITE], 3_000_000),
        (500_000, [KIMI], 1_750_000),
        (1, [TokenPrice(400_000, 400_000)], 1),
        (1_000_000, [], 0),
        (-1, [KIMI], 0),
    ],
)
def test_a_hold_is_the_budget_at_the_dearest_rate(tokens, prices, hold):
    assert hold_micro_usd(max_tokens=tokens, prices=prices) == hold


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_charge_is_the_smallest_whole_number_that_pays(prompt, answer, prompt_price, answer_price):
    charge = charge_micro_usd(
        prompt_tokens=prompt, completion_tokens=answer, price=TokenPrice(prompt_price, answer_price)
    )
    exact = prompt * prompt_price + answer * answer_price
    assert isinstance(charge, int)
    assert (charge - 1) * 1_000_000 < exact <= charge * 1_000_000
