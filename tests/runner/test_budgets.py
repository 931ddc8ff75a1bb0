"""How a run's tokens flow through its stages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import budgets


@pytest.mark.parametrize(
    ("remaining", "reserve"), [(500_000, 30_000), (1_000, 300), (200, 72), (129, 1), (128, 0), (1, 0)]
)
def test_the_mediator_reserve_follows_the_published_examples(remaining: int, reserve: int) -> None:
    assert budgets.mediator_reserve(remaining) == reserve


@given(st.integers(1, 100_000_000), st.integers(0, 100_000_000))
def test_the_query_stage_never_takes_what_the_mediator_needs(effective: int, used: int) -> None:
    query = budgets.query_tokens(effective, used=used, mediated=True)
    remaining = max(1, effective - used)
    assert 1 <= query <= remaining
    if remaining >= 256:
        assert remaining - query >= 128


def test_a_mediator_with_less_than_its_minimum_gets_nothing() -> None:
    assert budgets.mediator_tokens(1_000, used=873) is None
    assert budgets.mediator_tokens(1_000, used=872) == 128


def test_a_request_is_clamped_to_the_operators_ceiling() -> None:
    assert budgets.effective_tokens(None, default=1_000_000, ceiling=100_000_000) == 1_000_000
    assert budgets.effective_tokens(10**12, default=1_000_000, ceiling=100_000_000) == 100_000_000


def test_even_a_budget_of_one_token_gives_the_scope_stage_one() -> None:
    assert budgets.scope_tokens(1) == 1
    assert budgets.scope_tokens(999_999) == 499_999
