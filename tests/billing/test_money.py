"""Amounts as people write them, and what tokens cost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.errors import BadAmount
from billing.money import TokenPrice, charge_micro_usd, dollars, micro_usd

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


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_charge_is_the_smallest_whole_number_that_pays(prompt, answer, prompt_price, answer_price):
    charge = charge_micro_usd(
        prompt_tokens=prompt, completion_tokens=answer, price=TokenPrice(prompt_price, answer_price)
    )
    exact = prompt * prompt_price + answer * answer_price
    assert isinstance(charge, int)
    assert (charge - 1) * 1_000_000 < exact <= charge * 1_000_000


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("3.00", 3_000_000),
        (1.2345678, 1_234_568),
        ("0.0000005", 1),
        ("0.0000004", 0),
        ("1e-999999999", 0),
        ("0.25", 250_000),
        (0, 0),
        (7, 7_000_000),
        (" 1e3 ", 1_000_000_000),
        ("1000000000", 10**15),
    ],
)
def test_dollars_are_read_exactly(written, amount):
    assert micro_usd(written, field="amount_usd") == amount


@pytest.mark.parametrize(
    "written",
    [
        "NaN", "sNaN", "Infinity", "-Infinity", float("nan"), "1e400", "1e999999999", 10**40, -1, "-0.01",
        "-0.0000001", "1000000000.01", "٣", "\uff13", "1_000", "", " ", "three", "1,5", "0x10", "1" * 41, True, None, 
        [1], {"a": 1}, b"1", "1\x00", "--1", float("inf"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(written):
    with pytest.raises(BadAmount, match="amount_usd"):
        micro_usd(written, field="amount_usd")


def test_a_grant_must_be_worth_something():
    with pytest.raises(BadAmount, match=r"at least 0[.]000001"):
        micro_usd("0.0000004", field="amount_usd", minimum=1)


@given(st.integers(-(10**15), 10**15))
def test_an_amount_reads_back_as_it_is_written(amount):
    assert dollars(abs(amount)) == f"{abs(amount) // 10**6}.{abs(amount) % 10**6:06}"
    assert micro_usd(dollars(abs(amount)), field="x") == abs(amount)
    assert dollars(-1_500_000, places=2) == "-1.50"
