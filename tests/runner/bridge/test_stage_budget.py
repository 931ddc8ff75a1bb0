"""The budget of a stage: exact at its edges, and never overspent by calls that run at once."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.bridge.budget import FAILED_CALLS_ALLOWANCE, Budget, BudgetExhausted


def test_a_cap_is_lowered_to_what_the_prompt_leaves():
    reservation = Budget(5, 100).try_reserve(40, max_tokens=4096)
    assert reservation.max_tokens == 60


def test_a_prompt_that_leaves_one_token_is_taken_and_one_that_leaves_none_is_not():
    assert Budget(5, 100).try_reserve(99, max_tokens=4096).max_tokens == 1
    with pytest.raises(BudgetExhausted, match=r"^Budget exhausted: "):
        Budget(5, 100).try_reserve(100, max_tokens=1)


def test_exactly_the_last_token_and_call_can_be_spent():
    budget = Budget(2, 100)
    budget.try_reserve(10, max_tokens=40).settle(prompt_tokens=10, completion_tokens=40)
    budget.try_reserve(20, max_tokens=30).settle(prompt_tokens=20, completion_tokens=30)
    assert budget.snapshot() == {
        "calls": 2,
        "max_calls": 2,
        "prompt_tokens": 30,
        "completion_tokens": 70,
        "total_tokens": 100,
        "max_tokens": 100,
    }
    with pytest.raises(BudgetExhausted, match="all 2 model calls"):
        budget.try_reserve(1, max_tokens=1)


def test_used_up_tokens_are_named():
    budget = Budget(5, 50)
    budget.try_reserve(10, max_tokens=40).settle(prompt_tokens=10, completion_tokens=40)
    with pytest.raises(BudgetExhausted, match=r"^Budget exhausted: all 50 tokens"):
        budget.try_reserve(1, max_tokens=1)


def test_more_than_was_reserved_is_charged_all_the_same():
    budget = Budget(5, 50)
    budget.try_reserve(10, max_tokens=40).settle(prompt_tokens=80, completion_tokens=40)
    assert budget.snapshot()["total_tokens"] == 120
    with pytest.raises(BudgetExhausted):
        budget.try_reserve(1, max_tokens=1)


def test_what_is_released_can_be_reserved_again():
    budget = Budget(1, 100)
    budget.try_reserve(10, max_tokens=90).release(failed=True)
    assert budget.snapshot()["calls"] == 0
    assert budget.try_reserve(10, max_tokens=90).max_tokens == 90


def test_a_reservation_counts_once():
    budget = Budget(5, 100)
    reservation = budget.try_reserve(10, max_tokens=10)
    for _ in range(3):
        reservation.settle(prompt_tokens=10, completion_tokens=5)
        reservation.release(failed=True)
    assert budget.snapshot()["total_tokens"] == 15


def test_a_call_that_may_fit_later_waits_and_one_that_cannot_is_refused_at_once():
    budget = Budget(5, 100)
    first = budget.try_reserve(10, max_tokens=80)
    assert budget.try_reserve(10, max_tokens=50) is None
    with pytest.raises(BudgetExhausted):
        budget.try_reserve(100, max_tokens=1)
    first.settle(prompt_tokens=10, completion_tokens=10)
    assert budget.try_reserve(10, max_tokens=50).max_tokens == 50


def test_what_rides_along_is_free_for_a_call_by_itself_and_counts_beside_others():
    budget = Budget(5, 1000)
    first = budget.try_reserve(10, max_tokens=90, weight=2000)
    assert first.max_tokens == 90
    assert budget.try_reserve(1, max_tokens=1) is None
    first.settle(prompt_tokens=10, completion_tokens=90)
    light = budget.try_reserve(10, max_tokens=90)
    assert budget.try_reserve(1, max_tokens=1, weight=801) is None
    assert budget.try_reserve(1, max_tokens=1, weight=799) is not None
    light.release(failed=False)


def test_a_part_of_a_budget_weighs_on_the_whole():
    whole = Budget(9, 1000)
    one, another = whole.share(2, max_calls=4)
    reservation = one.try_reserve(10, max_tokens=10, weight=995)
    assert another.try_reserve(10, max_tokens=10) is None
    reservation.release(failed=False)
    assert another.try_reserve(10, max_tokens=10) is not None


def test_the_last_call_waits_for_one_in_flight_that_may_still_fail():
    budget = Budget(1, 1000)
    first = budget.try_reserve(10, max_tokens=10)
    assert budget.try_reserve(10, max_tokens=10) is None
    first.release(failed=True)
    assert budget.try_reserve(10, max_tokens=10) is not None


def test_failing_calls_are_not_free_without_end():
    budget = Budget(3, 1000)
    for _ in range(3 + FAILED_CALLS_ALLOWANCE):
        budget.try_reserve(1, max_tokens=1).release(failed=True)
    with pytest.raises(BudgetExhausted, match=r"^Budget exhausted: "):
        budget.try_reserve(1, max_tokens=1)


def test_usage_below_nothing_is_nothing():
    budget = Budget(3, 1000)
    budget.try_reserve(1, max_tokens=1).settle(prompt_tokens=-50, completion_tokens=-1)
    assert budget.snapshot()["total_tokens"] == 0


@given(
    st.integers(1, 6),
    st.integers(10, 400),
    st.lists(st.tuples(st.integers(1, 120), st.integers(1, 200), st.floats(0, 1)), min_size=1, max_size=16),
)
def test_calls_at_once_never_overspend(max_calls, max_tokens, wishes):
    budget = Budget(max_calls, max_tokens)

    async def call(estimate: int, cap: int, share: float) -> None:
        try:
            reservation = await budget.reserve(estimate, max_tokens=cap)
        except BudgetExhausted:
            return
        await asyncio.sleep(0)
        used = int(reservation.max_tokens * share)
        reservation.settle(prompt_tokens=estimate, completion_tokens=used)

    async def everybody() -> None:
        await asyncio.wait_for(asyncio.gather(*(call(*wish) for wish in wishes)), 5)

    asyncio.run(everybody())
    spent = budget.snapshot()
    assert spent["calls"] <= max_calls
    assert spent["total_tokens"] <= max_tokens
