"""Prices: each from a moment on, never changed in place, and gone for good when withdrawn."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from billing.errors import BadPrice, PriceClash, PriceNotFound
from billing.models import Price
from billing.money import TokenPrice
from billing.selectors import prices as selectors
from billing.services import prices
from billing.services.prices import NewPrice
from hivemind.kit import clock
from hivemind.kit.models import AuditEvent
from tests.billing.conftest import OLGA

DEFAULTS = """
tinfoil z-ai/glm-5 1000000 3200000
openrouter z-ai/glm-5 600000 2080000
openrouter moonshotai/kimi-k2.6 750000 3500000
openrouter moonshotai/kimi-k2.5 440000 2000000
openrouter moonshotai/kimi-k2-0905 400000 2000000
openrouter moonshotai/kimi-k2-thinking 600000 2500000
openrouter moonshotai/kimi-k2 570000 2300000
openrouter anthropic/claude-haiku-4.5 1000000 5000000
openrouter anthropic/claude-sonnet-4.5 3000000 15000000
openrouter openai/gpt-5-mini 250000 2000000
openrouter google/gemini-2.5-flash-lite 100000 400000
openrouter google/gemini-2.5-flash 300000 2500000
"""
pytestmark = pytest.mark.django_db


def price(model: str = "m") -> TokenPrice | None:
    return selectors.in_force("p", models=(model,)).get(model)


def test_a_price_holds_from_its_moment_on() -> None:
    now = clock.now()
    prices.set_price(NewPrice("P ", " m", 1, 2), actor=OLGA)
    prices.set_price(NewPrice("p", "m", 3, 4, effective_from=now + timedelta(days=1)), actor=OLGA)
    assert price() == TokenPrice(1, 2)
    assert selectors.in_force("p", models=("m",), at=now + timedelta(days=2)) == {"m": TokenPrice(3, 4)}
    assert selectors.in_force("p", models=("m",), at=now - timedelta(days=1)) == {}
    assert [row.model for row in selectors.current() if row.provider == "p"] == ["m"]


def test_models_are_told_apart_by_case_and_providers_are_not() -> None:
    prices.set_price(NewPrice("P", "Model", 1, 2), actor=OLGA)
    assert selectors.in_force("p", models=("model", "Model", "Model-2")) == {"Model": TokenPrice(1, 2)}


def test_a_withdrawn_price_is_none_until_a_new_one_is_set() -> None:
    prices.set_price(NewPrice("p", "m", 1, 2), actor=OLGA)
    prices.withdraw("p", "m", actor=OLGA)
    assert price() is None
    with pytest.raises(PriceNotFound):
        prices.withdraw("p", "m", actor=OLGA)
    prices.set_price(NewPrice("p", "m", 5, 6), actor=OLGA)
    assert price() == TokenPrice(5, 6)
    acts = AuditEvent.objects.filter(subject="p/m").order_by("id").values_list("action", flat=True)
    assert list(acts) == ["price.set", "price.withdrawn", "price.set"]


def test_prices_are_not_set_for_the_past_or_twice_for_a_moment() -> None:
    later = clock.now() + timedelta(days=1)
    with pytest.raises(BadPrice, match="past"):
        prices.set_price(NewPrice("p", "m", 1, 2, effective_from=clock.now() - timedelta(seconds=1)), actor=OLGA)
    prices.set_price(NewPrice("p", "m", 1, 2, effective_from=later), actor=OLGA)
    with pytest.raises(PriceClash):
        prices.set_price(NewPrice("p", "m", 3, 4, effective_from=later), actor=OLGA)


@pytest.mark.parametrize(("provider", "model"), [("", "m"), ("p", " "), ("p" * 41, "m"), ("p", "m" * 201), ("p", "\0")])
def test_a_price_names_its_model(provider: str, model: str) -> None:
    with pytest.raises(BadPrice):
        prices.set_price(NewPrice(provider, model, 1, 2), actor=OLGA)


def test_the_database_changes_no_price() -> None:
    row = prices.set_price(NewPrice("p", "m", 1, 2), actor=OLGA)
    for change in (lambda: Price.objects.filter(pk=row.pk).update(prompt_micro_usd_per_mtok=9), row.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert price() == TokenPrice(1, 2)


def test_a_new_service_begins_with_these_prices() -> None:
    begin = import_module("billing.migrations.0003_default_prices").DEFAULTS
    assert [" ".join(map(str, row)) for row in begin] == DEFAULTS.split("\n")[1:-1]


@pytest.mark.django_db(transaction=True)
def test_a_default_that_was_withdrawn_does_not_come_back() -> None:
    prices.set_price(NewPrice("tinfoil", "z-ai/glm-5", 1, 2), actor=OLGA)
    prices.withdraw("tinfoil", "z-ai/glm-5", actor=OLGA)
    before = Price.objects.count()
    call_command("migrate", verbosity=0, interactive=False)
    assert selectors.in_force("tinfoil", models=("z-ai/glm-5",)) == {}
    assert Price.objects.count() == before
