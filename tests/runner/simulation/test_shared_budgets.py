"""Budgets within a budget: whatever the parts do at once, the whole is never overspent."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.bridge.budget import Budget, BudgetExhausted


def test_a_call_of_a_part_is_a_call_of_the_whole_while_it_runs_and_after():
    whole = Budget(5, 1000)
    (part,) = whole.share(1, max_calls=3)
    assert (part.max_calls, part.max_tokens) == (3, 1000)
    reservation = part.try_reserve(100, max_tokens=400)
    assert whole.try_reserve(100, max_tokens=500) is None
    reservation.settle(prompt_tokens=90, completion_tokens=10)
    for budget in (whole, part):
        assert (budget.snapshot()["calls"], budget.snapshot()["total_tokens"]) == (1, 100)
    assert whole.try_reserve(100, max_tokens=800).max_tokens == 800


def test_what_a_part_does_not_use_is_given_back_to_the_whole():
    whole = Budget(5, 1000)
    (part,) = whole.share(1, max_calls=5)
    part.try_reserve(100, max_tokens=900).release(failed=True)
    assert whole.snapshot()["total_tokens"] == 0
    assert whole.try_reserve(1, max_tokens=999).max_tokens == 999


def test_a_part_is_refused_when_the_whole_is_used_up_meanwhile():
    whole = Budget(5, 1000)
    first, second = whole.share(1, max_calls=5) + whole.share(1, max_calls=5)
    first.try_reserve(400, max_tokens=600).settle(prompt_tokens=400, completion_tokens=600)
    with pytest.raises(BudgetExhausted, match=r"^Budget exhausted: "):
        second.try_reserve(1, max_tokens=1)
    assert second.snapshot()["calls"] == 0


def test_calls_that_fail_in_parts_count_as_failed_of_the_whole():
    whole = Budget(1, 1000)
    for _ in range(11):
        (part,) = whole.share(1, max_calls=1)
        part.try_reserve(1, max_tokens=1).release(failed=True)
    with pytest.raises(BudgetExhausted, match="failed"):
        whole.share(1, max_calls=1)


@pytest.mark.parametrize(("calls", "tokens", "parts"), [(2, 100, 3), (3, 2, 3), (0, 100, 1), (5, 0, 1)])
def test_there_is_nothing_to_share_when_a_part_would_be_empty(calls, tokens, parts):
    with pytest.raises(BudgetExhausted, match=r"^Budget exhausted: "):
        Budget(calls, tokens).share(parts, max_calls=10)


def test_parts_are_equal_and_what_was_spent_is_not_shared():
    whole = Budget(8, 1000)
    whole.try_reserve(10, max_tokens=90).settle(prompt_tokens=10, completion_tokens=90)
    assert [(part.max_calls, part.max_tokens) for part in whole.share(3, max_calls=10)] == [(2, 300)] * 3


def test_the_end_of_a_call_of_the_whole_wakes_a_part_that_waits():
    whole = Budget(5, 100)
    first = whole.try_reserve(10, max_tokens=80)
    (part,) = whole.share(1, max_calls=5)

    async def wait_for_turn() -> None:
        threading.Timer(0.05, lambda: first.release(failed=False)).start()
        reservation = await part.reserve(20, max_tokens=20)
        assert reservation.max_tokens == 20

    asyncio.run(asyncio.wait_for(wait_for_turn(), 5))


@given(
    st.integers(1, 6),
    st.integers(10, 400),
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 120), st.integers(1, 200), st.floats(0, 1)),
        min_size=1,
        max_size=16,
    ),
)
def test_parts_at_once_never_overspend_the_whole(max_calls, max_tokens, wishes):
    whole = Budget(max_calls, max_tokens)
    budgets = [whole, *(part for _ in range(3) for part in whole.share(1, max_calls=max_calls))]

    async def call(which: int, estimate: int, cap: int, share: float) -> None:
        try:
            reservation = await budgets[which].reserve(estimate, max_tokens=cap)
        except BudgetExhausted:
            return
        await asyncio.sleep(0)
        reservation.settle(prompt_tokens=estimate, completion_tokens=int(reservation.max_tokens * share))

    async def everybody() -> None:
        await asyncio.wait_for(asyncio.gather(*(call(*wish) for wish in wishes)), 5)

    asyncio.run(everybody())
    spent = whole.snapshot()
    assert spent["calls"] <= max_calls
    assert spent["total_tokens"] <= max_tokens
    assert all(part.snapshot()["total_tokens"] <= spent["total_tokens"] for part in budgets[1:])
