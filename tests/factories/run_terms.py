"""Terms of runs that are made up of prices."""

from dataclasses import replace

from hypothesis import strategies as st

from billing.money import TokenPrice
from runner.terms import RunTerms, StageTerms

MINI = TokenPrice(250_000, 2_000_000)
KIMI = TokenPrice(750_000, 3_500_000)
SONNET = TokenPrice(3_000_000, 15_000_000)
LITE = TokenPrice(100_000, 400_000)
PRICE = st.builds(TokenPrice, st.integers(0, 10**7), st.integers(0, 10**7))


def stage(model: str, price: TokenPrice | None) -> StageTerms:
    """Terms of a stage whose model has this price, or none."""
    bare = StageTerms("a", "", "", "", 60, 10, 64, model)
    if price is None:
        return bare
    return replace(
        bare,
        prompt_micro_usd_per_mtok=price.prompt_micro_usd,
        completion_micro_usd_per_mtok=price.completion_micro_usd,
    )


def terms(tokens: int, *prices: TokenPrice | None, provider: str = "openrouter") -> RunTerms:
    """Terms of a run with a budget of tokens and a stage for each price."""
    stages = [stage(f"m{number}", price) for number, price in enumerate(prices)]
    return RunTerms(
        "room", "t", "", "", stages[0], stages[1], stages[2] if len(stages) > 2 else None,
        (), (provider,), provider, "sealed", "owner_and_querier", False, tokens, "fast", "",
    )  # fmt: skip
