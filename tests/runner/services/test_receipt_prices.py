"""Whoever checks a receipt comes to the same cost as the books, for every use and every price."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from attestation.reading import Reader
from attestation.receipts.consistency import _charge
from runner.services import charging
from runner.terms import RunTerms, StageTerms

TOKENS = st.integers(-5, 10**10)
PRICES = st.one_of(st.none(), st.integers(0, 10**10))


def stage(prompt_price: int | None, completion_price: int | None) -> StageTerms:
    return StageTerms("a", "", "", "", 1, 1, 1, "m", prompt_price, completion_price)


def terms(scope: StageTerms, query: StageTerms) -> RunTerms:
    everything: dict[str, Any] = dict.fromkeys(RunTerms.__dataclass_fields__, "")
    return RunTerms(**(everything | {"scope": scope, "query": query, "mediator": None, "provider": "p"}))


@settings(max_examples=200, deadline=None, database=None)
@given(st.lists(st.tuples(TOKENS, TOKENS, PRICES, PRICES), min_size=2, max_size=2))
def test_kernel_and_books_charge_the_same(drawn: list[tuple[int, int, int | None, int | None]]) -> None:
    agreed = terms(*(stage(prompt, completion) for _, _, prompt, completion in drawn))
    used = {
        name: {"prompt_tokens": prompt, "completion_tokens": completion}
        for name, (prompt, completion, _, _) in zip(("scope", "query"), drawn, strict=True)
    }
    stated = [
        {
            "prompt_tokens": max(prompt, 0),
            "completion_tokens": max(completion, 0),
            "prompt_micro_usd_per_mtok": prompt_price,
            "completion_micro_usd_per_mtok": completion_price,
        }
        for prompt, completion, prompt_price, completion_price in drawn
    ]
    assert sum(_charge(Reader(one)) for one in stated) == charging.cost_of(agreed, {"stages": used}).micro_usd
