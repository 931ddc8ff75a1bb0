"""What is no number, or one beyond all bounds, is a 400 that says which kind of value was wrong, and moves nothing."""

from typing import Any

import pytest
from django.test import Client

from billing.models import Account, CreditCode, Price, SpendToken
from billing.services import ledger
from billing.services.ledger import Grant
from tests.billing.api.hostile import Raw, written
from tests.billing.conftest import OLGA
from tests.factories.tenants import Person

CODES = "/v1/admin/credit-codes"
PRICES = "/v1/admin/billing/prices"
CREDITS = "/v1/admin/billing/{tenant_id}/credits"
DEBITS = "/v1/admin/billing/{tenant_id}/debits"
REFUNDS = "/v1/admin/billing/{tenant_id}/refunds"
SPEND_TOKENS = "/v1/billing/spend-tokens"
SOUND: dict[str, dict[str, Any]] = {
    CODES: {"credit_usd": "1"},
    PRICES: {"provider": "p", "model": "m", "prompt_usd_per_million": "1", "completion_usd_per_million": "1"},
    CREDITS: {"amount_usd": "1"},
    DEBITS: {"amount_usd": "1", "note": "mistake"},
    REFUNDS: {"amount_usd": "1", "note": "mistake"},
    SPEND_TOKENS: {"limit_micro_usd": 1},
}
FIELDS = {
    (CODES, "credit_usd"): "bad_amount",
    (CODES, "max_redemptions"): "bad_uses",
    (CODES, "uses"): "bad_uses",
    (CODES, "expires_at"): "bad_expiry",
    (CODES, "expires_in_seconds"): "bad_expiry",
    (PRICES, "prompt_usd_per_million"): "bad_amount",
    (PRICES, "completion_usd_per_million"): "bad_amount",
    (PRICES, "effective_from"): "bad_price",
    (CREDITS, "amount_usd"): "bad_amount",
    (CREDITS, "expires_at"): "bad_expiry",
    (CREDITS, "expires_in_seconds"): "bad_expiry",
    (DEBITS, "amount_usd"): "bad_amount",
    (REFUNDS, "amount_usd"): "bad_amount",
    (SPEND_TOKENS, "limit_micro_usd"): "bad_amount",
    (SPEND_TOKENS, "limit_usd"): "bad_amount",
    (SPEND_TOKENS, "expires_in_seconds"): "bad_expiry",
}
NO_NUMBERS = {"nan": "NaN", "infinity": "Infinity", "minus infinity": "-Infinity", "5,000 digits": "9" * 5_000}
WRONG: dict[str, Any] = {
    "beyond floats": Raw("1e400"),
    "minus beyond floats": Raw("-1e400"),
    "4,000 digits": Raw("9" * 4_000),
    "41 digits": 10**40,
    "minus one": -1,
    "minus 41 digits": -(10**40),
    "true": True,
    "empty": "",
    "nan text": "NaN",
    "infinity text": "Infinity",
    "beyond floats text": "1e400",
    "endless exponent": "1e999999999",
    "5,000 digits text": "9" * 5_000,
    "grouped": "1_000",
    "comma": "1,000",
    "arabic three": "\u0663",
    "superscript two": "\u00b2",
    "zero byte": "1\0",
    "word": "soon",
    "list": [1],
    "object": {"usd": 1},
}
REQUIRED = [
    (PRICES, "prompt_usd_per_million"),
    (PRICES, "completion_usd_per_million"),
    (CREDITS, "amount_usd"),
    (DEBITS, "amount_usd"),
    (REFUNDS, "amount_usd"),
]
NEVER_NULL = [*REQUIRED, (CODES, "credit_usd"), (SPEND_TOKENS, "expires_in_seconds")]
EVERY_FIELD = pytest.mark.parametrize(("route", "field"), FIELDS, ids="-".join)


@pytest.fixture
def rich(alice: Person) -> Person:
    """Alice, who could pay for what is refused here."""
    ledger.grant(alice.tenant.id, Grant(10**9), actor=OLGA)
    return alice


def refused(by: Person, olga: Client, route: str, body: dict[str, Any]) -> tuple[int, str]:
    """Status and code of an answer; nothing came of the request."""
    before = (Account.objects.get().entry_count, Price.objects.count())
    caller = olga if "/admin/" in route else by.client
    answer = caller.generic("POST", route.format(tenant_id=by.tenant.id), written(body), "application/json")
    assert (Account.objects.get().entry_count, Price.objects.count()) == before
    assert not CreditCode.objects.exists() and not SpendToken.objects.exists()
    return answer.status_code, answer.json()["code"]


def body_with(route: str, field: str, value: Any) -> dict[str, Any]:
    """The sound body of a route with one other value in it."""
    sound = {} if field == "limit_usd" else SOUND[route]
    return sound | {field: value}


@EVERY_FIELD
@pytest.mark.parametrize("text", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_what_json_has_no_number_for_is_not_one(rich: Person, olga: Client, route: str, field: str, text: str) -> None:
    assert refused(rich, olga, route, body_with(route, field, Raw(text))) == (400, "not_a_number")


@EVERY_FIELD
@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
def test_a_hostile_number_is_named(rich: Person, olga: Client, route: str, field: str, value: Any) -> None:
    assert refused(rich, olga, route, body_with(route, field, value)) == (400, FIELDS[route, field])


@pytest.mark.parametrize(("route", "field"), NEVER_NULL, ids="-".join)
def test_nothing_is_no_number(rich: Person, olga: Client, route: str, field: str) -> None:
    assert refused(rich, olga, route, body_with(route, field, None)) == (400, FIELDS[route, field])


@pytest.mark.parametrize(("route", "field"), REQUIRED, ids="-".join)
def test_a_missing_number_is_named(rich: Person, olga: Client, route: str, field: str) -> None:
    body = {name: value for name, value in SOUND[route].items() if name != field}
    assert refused(rich, olga, route, body) == (400, FIELDS[route, field])


@pytest.mark.parametrize("path", ["/v1/admin/credit-codes", "/v1/admin/billing/prices", "/v1/admin/billing"])
@pytest.mark.parametrize("limit", ["NaN", "Infinity", "1e400", "\u0663", "1_000"], ids=ascii)
def test_in_query_strings_they_are_malformed(db: None, olga: Client, path: str, limit: str) -> None:
    answer = olga.get(path, {"limit": limit})
    assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
