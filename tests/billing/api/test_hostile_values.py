"""Whatever stands in a field, a query string or a path: a refusal or a result, never a failure of ours."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.serializers import Serializer

from billing.api.serializers import queries, requests
from billing.models import Account
from billing.services import ledger
from billing.services.ledger import Grant
from hivemind.kit import conf
from tenants.databases import provision
from tenants.models import Tenant
from tests.billing.api.hostile import ANYTHING, TEXTS, VALUES, written
from tests.billing.conftest import OLGA
from tests.contract.routes import operations
from tests.factories import operator, tenants

PRICE = {"provider": "p", "model": "m", "prompt_usd_per_million": "1", "completion_usd_per_million": "1"}
CODE = "hmcc_" + "x" * 43


@dataclass(frozen=True)
class Hostage:
    """An operation: which serializer reads it, and a body that would do."""

    reads: type[Serializer]
    sound: dict[str, Any]


BODIES = {
    "POST /v1/signup": Hostage(requests.SignupRequest, {"name": ""}),
    "POST /v1/billing/credit-codes/redeem": Hostage(requests.RedeemRequest, {"credit_code": CODE}),
    "POST /v1/billing/spend-tokens": Hostage(requests.SpendTokenRequest, {"limit_micro_usd": 1}),
    "POST /v1/admin/credit-codes": Hostage(requests.CreditCodeRequest, {}),
    "POST /v1/admin/billing/prices": Hostage(requests.PriceRequest, PRICE),
    "POST /v1/admin/billing/{tenant_id}/credits": Hostage(requests.GrantRequest, {"amount_usd": 1}),
    "POST /v1/admin/billing/{tenant_id}/debits": Hostage(requests.DebitRequest, {"amount_usd": 1, "note": "n"}),
    "POST /v1/admin/billing/{tenant_id}/refunds": Hostage(requests.RefundRequest, {"amount_usd": 1, "note": "n"}),
}
QUERIES = {
    "GET /v1/billing": queries.StatementQuery,
    "GET /v1/billing/spend-tokens": queries.SpendTokensQuery,
    "GET /v1/admin/credit-codes": queries.CreditCodesQuery,
    "GET /v1/admin/billing": queries.AccountsQuery,
    "GET /v1/admin/billing/ledger": queries.LedgerQuery,
    "GET /v1/admin/billing/prices": queries.PricesQuery,
    "GET /v1/admin/billing/{tenant_id}": queries.StatementQuery,
}
WITHOUT = {
    "POST /v1/admin/credit-codes/{code_id}/revoke",
    "DELETE /v1/billing/spend-tokens/{token_id}",
    "DELETE /v1/admin/billing/prices/{provider}/{model}",
}
OURS = {str(each) for each in operations() if each.view.__module__.startswith("billing.")}
EACH_TIME = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def call(db: None) -> Iterator[Any]:
    """Call an operation as whoever may; its answer must be one of ours."""
    alice = tenants.alice()
    ledger.grant(alice.tenant.id, Grant(10**9), actor=OLGA)
    hers, olga = alice.client, operator.olga()  # kept: a new client loads every middleware

    def play(name: str, *, data: bytes = b"", query: str = "", path: str = "") -> int:
        method, _, route = name.partition(" ")
        url = path or route.format(tenant_id=alice.tenant.id) if "{tenant_id}" in route else path or route
        by = olga if "/admin/" in route else hers
        with transaction.atomic():
            answer = by.generic(method, url + (f"?{query}" if query else ""), data, content_type="application/json")
        assert answer.status_code < 500, (name, data[:300], query[:300], answer.content[:300])
        if answer.status_code >= 400:
            body = answer.json()
            assert body["detail"] and (body.get("code") or answer.status_code == 404), body
        return int(answer.status_code)

    operated = conf.override("service", admin_key=operator.ADMIN_KEY)
    with operated, conf.override("billing", self_serve_signup=True):
        yield play
    for made in Tenant.objects.exclude(pk=alice.tenant.id):
        provision.drop(made.pk)


def test_no_operation_is_left_out() -> None:
    assert set(BODIES) | set(QUERIES) | WITHOUT == OURS


@pytest.mark.parametrize("name", BODIES)
def test_a_sound_body_is_one(call: Any, name: str) -> None:
    """Otherwise the tests below would prove little."""
    assert call(name, data=written(BODIES[name].sound)) != 422


@pytest.mark.parametrize("name", BODIES)
def test_no_named_value_in_any_field_breaks_anything(call: Any, name: str) -> None:
    for field in BODIES[name].reads().fields:
        for value in VALUES:
            if (name, field) != ("POST /v1/signup", "name") or not _is_name(value):
                call(name, data=written(BODIES[name].sound | {field: value}))


@pytest.mark.parametrize("name", sorted(set(BODIES) - {"POST /v1/signup"}))
def test_nothing_in_any_field_breaks_anything(call: Any, name: str) -> None:
    fields = sorted(BODIES[name].reads().fields)

    @EACH_TIME
    @given(st.dictionaries(st.sampled_from(fields), ANYTHING, min_size=1))
    def play(odd: dict[str, Any]) -> None:
        call(name, data=written(BODIES[name].sound | odd))

    play()


@pytest.mark.parametrize("name", BODIES)
def test_no_body_breaks_anything(call: Any, name: str) -> None:
    deep = b"[" * 100_000
    for data in (b"", b"\0", b"{", b"null", b"[]", b'"x"', b"1e400", b"\xff\xfe{}", deep, b'{"a":' * 2_000, b"{}" * 9):
        call(name, data=data)


@pytest.mark.parametrize("name", QUERIES)
def test_no_query_breaks_anything(call: Any, name: str) -> None:
    texts = [*TEXTS, "0", "999999999999999999", "99999999999999999.x", "1.t_0", "9999999999999999.t_0", "true"]
    for field in QUERIES[name]().fields:
        for text in texts:
            call(name, query=urlencode({field: text.encode("utf-8", "surrogatepass")}))
    for query in ("limit", "=", "&&", "limit=1&limit=2", "%ff=%fe", "limit=%ff", "a" * 5_000):
        call(name, query=query)


@pytest.mark.parametrize("name", sorted(each for each in OURS if "{" in each))
def test_no_path_breaks_anything(call: Any, name: str) -> None:
    route = name.partition(" ")[2]
    for text in ("x", " ", "0", "\0", "..", "%", "é", "\ud800", "'", "a" * 3_000, "t_" + "f" * 62, "billing", "ledger"):
        odd = quote(text.encode("utf-8", "surrogatepass"), safe="")
        path = route
        for part in ("tenant_id", "code_id", "token_id", "provider", "model"):
            path = path.replace("{" + part + "}", odd)
        body = written(BODIES[name].sound) if name in BODIES else b""
        call(name, data=body, path=path)


def test_the_books_still_agree_after_all_of_it(call: Any) -> None:
    account = Account.objects.get()
    for value in VALUES:
        for act in ("credits", "debits"):
            body = {"amount_usd": value, "note": "n"}
            call(f"POST /v1/admin/billing/{{tenant_id}}/{act}", data=written(body))
    account.refresh_from_db()
    assert account.balance_micro_usd == sum(account.entries.values_list("amount_micro_usd", flat=True))
    assert account.balance_micro_usd >= 0


def _is_name(value: Any) -> bool:
    """Whether a tenant, with its database, would be made for it."""
    return bool(str(value).strip()) and isinstance(value, str | int | float) and not isinstance(value, bool)
