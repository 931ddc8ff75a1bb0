"""Stories of money with round beginnings and exact ends, from the price list to the last micro-dollar."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from billing import errors
from billing.models import Account, CreditCode, Entry, Price
from billing.selectors import codes, prices
from billing.services import bookkeeping, checks, credit_codes, ledger
from billing.services.credit_codes import NewCode
from billing.services.ledger import Grant, HoldRequest
from hivemind.kit import clock
from hivemind.kit.conf import override
from runner.enums import BillingStatus
from runner.services import charging, quotes
from runner.services.quotes import Quote
from runner.terms import RunTerms
from tests.billing import full_books
from tests.billing.conftest import OLGA
from tests.billing.full_books import BOB, CAROL
from tests.factories.run_terms import terms

pytestmark = pytest.mark.django_db
DORA = "t_00000000000d"
RUN = "0123456789ab"
LIST = {
    "openai/gpt-5-mini": (250_000, 2_000_000),
    "moonshotai/kimi-k2.6": (750_000, 3_500_000),
    "google/gemini-2.5-flash-lite": (100_000, 400_000),
    "anthropic/claude-sonnet-4.5": (3_000_000, 15_000_000),
}
MINI, KIMI, LITE, SONNET = LIST


@pytest.fixture(autouse=True)
def opening() -> Iterator[None]:
    """Three accounts, the price list, and no enforcement unless a story says so. The books agree at its end."""
    for tenant_id in (BOB, CAROL, DORA):
        bookkeeping.open_account(tenant_id, name=tenant_id, actor=OLGA)
    long_ago = clock.now() - timedelta(days=1)
    Price.objects.bulk_create(
        Price(
            provider="openrouter",
            model=model,
            prompt_micro_usd_per_mtok=prompt,
            completion_micro_usd_per_mtok=completion,
            effective_from=long_ago,
            source="default",
            created_at=long_ago,
            created_by="system:setup",
        )
        for model, (prompt, completion) in LIST.items()
    )
    yield
    full_books.run("SET CONSTRAINTS ALL IMMEDIATE")  # as a commit would
    assert checks.check() == []


def frozen(tokens: int, *models: str) -> RunTerms:
    """The terms of a run whose stages use these models, at the prices in force."""
    listed = prices.in_force("openrouter", models=models)
    return terms(tokens, *(listed.get(model) for model in models))


def quoted(tokens: int, *models: str) -> Quote:
    return quotes.of(frozen(tokens, *models), at=clock.now())


def hold(amount: int, *, enforce: bool = False, run_id: str = RUN) -> None:
    until = clock.now() + timedelta(hours=1)
    ledger.hold(HoldRequest(run_id, BOB, amount, until, enforce=enforce), actor=OLGA)


def settle(agreed: RunTerms, *, run_id: str = RUN, **used: tuple[int, int]) -> int:
    usage = {"stages": {name: {"prompt_tokens": p, "completion_tokens": c} for name, (p, c) in used.items()}}
    cost = charging.cost_of(agreed, usage).micro_usd
    return ledger.settle(run_id, cost_micro_usd=cost, actor=OLGA, details={}).cost_micro_usd


def balance(tenant_id: str = BOB) -> int:
    return Account.objects.get(pk=tenant_id).balance_micro_usd


def test_a_plain_run() -> None:
    ledger.grant(BOB, Grant(10_000_000), actor=OLGA)
    agreed = frozen(1_000_000, MINI, MINI)
    hold(quotes.of(agreed, at=clock.now()).max_cost_micro_usd, enforce=True)
    assert balance() == 8_000_000
    assert settle(agreed, query=(1_000, 2_000)) == 4_250
    assert balance() == 9_995_750
    moved = Entry.objects.filter(run_id=RUN).order_by("position").values_list("kind", "amount_micro_usd")
    assert list(moved) == [("hold", -2_000_000), ("release", 2_000_000), ("charge", -4_250)]


def test_a_default_ask_without_enforcement_shows_a_debt_while_it_runs() -> None:
    agreed = frozen(1_000_000, KIMI, KIMI)
    hold(quotes.of(agreed, at=clock.now()).max_cost_micro_usd)
    assert balance() == -3_500_000
    settle(agreed)
    assert balance() == 0


def test_every_stage_is_rounded_up_by_itself() -> None:
    agreed = frozen(1_000_000, KIMI, KIMI, KIMI)
    hold(3_500_000)
    assert settle(agreed, scope=(12_345, 678), query=(40_001, 2_003), mediator=(9_000, 500)) == 57_144
    assert balance() == -57_144


def test_mixed_models_are_held_at_the_dearest_and_charged_each_at_its_own() -> None:
    agreed = frozen(200_000, LITE, SONNET)
    assert quotes.of(agreed, at=clock.now()).max_cost_micro_usd == 3_000_000
    hold(3_000_000)
    assert settle(agreed, scope=(10_000, 1_000), query=(30_000, 4_000)) == 151_400


def test_the_budget_of_an_upload_and_the_smallest_hold() -> None:
    assert quoted(500_000, KIMI, KIMI).max_cost_micro_usd == 1_750_000
    assert quoted(1, LITE, LITE).max_cost_micro_usd == 1  # 0.4 micro-dollars


def test_one_micro_dollar_too_little_is_refused_and_exactly_enough_is_not() -> None:
    ledger.grant(BOB, Grant(1_999_999), actor=OLGA)
    with pytest.raises(errors.InsufficientCredit) as refused:
        hold(2_000_000, enforce=True)
    assert refused.value.extra == {"balance_micro_usd": 1_999_999, "required_hold_micro_usd": 2_000_000}
    ledger.grant(BOB, Grant(1), actor=OLGA)
    hold(2_000_000, enforce=True)
    assert balance() == 0


def test_a_missing_price_is_refused_under_enforcement_and_free_without() -> None:
    quote = quoted(1_000, "unknown", MINI)
    assert quote.missing == ("openrouter/m0",)
    with override("billing", enforce_credits=True), pytest.raises(errors.PriceMissing):
        charging.agree(quote, max_cost_micro_usd=None)
    assert charging.agree(quote, max_cost_micro_usd=None) == (0, BillingStatus.PRICING_MISSING)
    assert charging.cost_of(frozen(1_000, "unknown", MINI), {"stages": {"scope": {"prompt_tokens": 9}}}).micro_usd == 0


def test_settling_twice_pays_nothing_back_twice() -> None:
    ledger.grant(BOB, Grant(10_000_000), actor=OLGA)
    agreed = frozen(1_000_000, MINI, MINI)
    hold(2_000_000)
    settle(agreed, query=(1_000, 2_000))
    for _ in range(3):
        with pytest.raises(errors.HoldResolved):
            settle(agreed, query=(1_000, 2_000))
    assert balance() == 9_995_750


def test_a_code_of_two_uses_serves_two_of_three_tenants() -> None:
    made = credit_codes.mint(NewCode(3_000_000, 2), actor=OLGA)

    def redeem(tenant_id: str) -> int:
        return credit_codes.redeem(f" {made.text} ", tenant_id=tenant_id, actor=OLGA).balance_micro_usd

    assert redeem(BOB) == 3_000_000
    with pytest.raises(errors.CreditCodeRedeemed):
        redeem(BOB)
    assert redeem(CAROL) == 3_000_000
    code = CreditCode.objects.get()
    assert (code.redeemed_count, codes.remaining(code)) == (2, 0)
    with pytest.raises(errors.CreditCodeExhausted):
        redeem(DORA)
    assert [balance(tenant_id) for tenant_id in (BOB, CAROL, DORA)] == [3_000_000, 3_000_000, 0]


def test_a_code_worth_nothing_uses_itself_up_and_moves_nothing() -> None:
    made = credit_codes.mint(NewCode(0), actor=OLGA)
    redeemed = credit_codes.redeem(made.text, tenant_id=BOB, actor=OLGA)
    assert (redeemed.credit_micro_usd, redeemed.balance_micro_usd) == (0, 0)
    assert not Entry.objects.exists()
    with pytest.raises(errors.CreditCodeExhausted):
        credit_codes.redeem(made.text, tenant_id=CAROL, actor=OLGA)


def test_a_code_expires_at_its_moment_and_a_revoked_one_keeps_what_it_gave() -> None:
    made = credit_codes.mint(NewCode(5, 9, expires_at=clock.now() + timedelta(hours=1)), actor=OLGA)
    credit_codes.redeem(made.text, tenant_id=BOB, actor=OLGA)
    credit_codes.revoke(made.code.pk, actor=OLGA)
    with pytest.raises(errors.CreditCodeRevoked):
        credit_codes.redeem(made.text, tenant_id=CAROL, actor=OLGA)
    assert balance() == 5
