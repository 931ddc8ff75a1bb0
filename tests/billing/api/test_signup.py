"""Self-serve signup: closed unless opened, with the starter credit or without it, never half done."""

import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from billing.models import Account, CreditCode, Entry, Redemption
from billing.selectors import statement
from billing.services import credit_codes
from billing.services.credit_codes import NewCode
from hivemind.kit import conf
from hivemind.kit.models import AuditEvent
from tenants.credentials import registry
from tenants.databases import provision
from tenants.models import Tenant
from tests.billing.conftest import OLGA
from tests.factories.rooms import post

URL = "/v1/signup"


@pytest.fixture
def visitor(db: None) -> Iterator[Client]:
    """Somebody with no key, who sends a stale one; whatever databases they make go with the test."""
    before = set(Tenant.objects.values_list("pk", flat=True))
    yield Client(raise_request_exception=False, headers={"Authorization": "Bearer stale"})
    for tenant_id in set(Tenant.objects.values_list("pk", flat=True)) - before:
        provision.drop(tenant_id)


@contextmanager
def opened(code: str = "", *, rate: str = "") -> Iterator[None]:
    """Signup is open, with this starter code."""
    with (
        conf.override("billing", self_serve_signup=True, starter_credit_code=code),
        conf.override("throttles", signup=rate),
    ):
        yield


def starter(credit: int = 3_000_000, uses: int = 1) -> credit_codes.Minted:
    return credit_codes.mint(NewCode(credit, uses), actor=OLGA)


@pytest.mark.parametrize("data", [b'{"name": "ana"}', b"{", b"\xff", b'{"credit_code": "x"}'])
def test_a_closed_signup_says_so_before_it_looks_at_anything(visitor: Client, data: bytes) -> None:
    with conf.override("throttles", signup="1/hour"):
        for _ in range(3):
            answer = visitor.post(URL, data, content_type="application/json")
            assert (answer.status_code, answer.json()["code"]) == (503, "signup_disabled")
            assert "disabled" in answer.json()["detail"]


def test_a_newcomer_gets_a_tenant_that_works(visitor: Client) -> None:
    with opened():
        answer = post(visitor, URL, {"name": "  ana "})
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    told = answer.json()
    assert set(told) == {"tenant_id", "name", "api_key", "starter_credit_micro_usd", "balance_micro_usd"}
    assert (told["name"], told["starter_credit_micro_usd"], told["balance_micro_usd"]) == ("ana", 0, 0)
    assert registry.resolve(told["api_key"]).tenant.id == told["tenant_id"]
    by = Client(headers={"Authorization": f"Bearer {told['api_key']}"})
    assert by.get("/v1/billing").json()["tenant_id"] == told["tenant_id"]
    assert AuditEvent.objects.get(action="tenant.created").actor == "system:signup"


def test_the_starter_code_is_redeemed_for_the_newcomer(visitor: Client) -> None:
    code = starter(uses=2)
    with opened(code.text):
        first = post(visitor, URL, {"name": "ana"}).json()
        second = post(visitor, URL, {"name": "ana"}).json()
        third = post(visitor, URL, {"name": "ana"})
    assert first["starter_credit_micro_usd"] == first["balance_micro_usd"] == 3_000_000
    assert second["tenant_id"] != first["tenant_id"] and second["balance_micro_usd"] == 3_000_000
    assert third.status_code == 200
    assert (third.json()["starter_credit_micro_usd"], third.json()["balance_micro_usd"]) == (0, 0)
    entry = Entry.objects.get(account=first["tenant_id"])
    metadata = statement.to_wire(entry)["metadata"]
    assert (metadata["actor"], metadata["note"]) == ("signup", "signup starter credit")
    assert metadata["code_id"] == code.code.pk
    assert CreditCode.objects.get().redeemed_count == 2


@pytest.mark.parametrize("wrong", ["revoked", "unknown", "no code at all"])
def test_a_starter_code_that_does_not_work_is_logged_without_its_text(
    visitor: Client, caplog: pytest.LogCaptureFixture, wrong: str
) -> None:
    code = starter()
    credit_codes.revoke(code.code.pk, actor=OLGA)
    text = {"revoked": code.text, "unknown": "hmcc_" + "x" * 43, "no code at all": "correct horse"}[wrong]
    with opened(text), caplog.at_level(logging.WARNING):
        told = post(visitor, URL, {"name": "ana"}).json()
    assert told["balance_micro_usd"] == 0 and Tenant.objects.filter(pk=told["tenant_id"]).exists()
    assert [record.tenant_id for record in caplog.records] == [told["tenant_id"]]
    assert text not in caplog.text and not any(text in str(vars(record)) for record in caplog.records)


@pytest.mark.parametrize("table", ["billing_redemption", "billing_entry"])
def test_a_redemption_that_breaks_leaves_no_trace_and_the_tenant_stays(visitor: Client, table: str) -> None:
    code = starter()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.fail() RETURNS trigger LANGUAGE plpgsql AS $$"
            " BEGIN RAISE EXCEPTION 'disk full'; END $$"
        )
        cursor.execute(f"CREATE TRIGGER zz BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION pg_temp.fail()")
    with opened(code.text):
        told = post(visitor, URL, {"name": "ana"}).json()
    assert told["balance_micro_usd"] == 0
    assert Account.objects.get(pk=told["tenant_id"]).entry_count == 0
    assert not Redemption.objects.exists() and CreditCode.objects.get().redeemed_count == 0


@pytest.mark.parametrize("field", ["credit_code", "invite_code", "signup_code", "code"])
def test_a_code_is_for_afterwards(visitor: Client, field: str) -> None:
    code = starter()
    with opened():
        answer = post(visitor, URL, {"name": "ana", field: code.text})
    assert (answer.status_code, answer.json()["code"]) == (400, "code_after_signup")
    assert "after signup" in answer.json()["detail"]
    assert code.text not in answer.content.decode()
    assert not Tenant.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": ""}, 400),
        ({"name": "  "}, 400),
        ({"name": None}, 400),
        ({"name": "x" * 201}, 400),
        ({"name": "a\0b"}, 422),
        ({"name": ["ana"]}, 422),
        ({"name": "ana", "no_such_field": 1}, 422),
        ([], 422),
    ],
)
def test_a_name_has_to_be_one(visitor: Client, body: Any, status: int) -> None:
    with opened():
        assert post(visitor, URL, body).status_code == status
    assert not Tenant.objects.exists()


def test_signups_from_one_address_are_slowed_down(visitor: Client) -> None:
    addresses = (f"203.0.113.{n}" for n in itertools.count(1))
    first, second = next(addresses), next(addresses)
    with opened(rate="2/hour"):
        statuses = [
            visitor.post(URL, b"{}", content_type="application/json", REMOTE_ADDR=first).status_code for _ in range(3)
        ]
        other = visitor.post(URL, b"{}", content_type="application/json", REMOTE_ADDR=second)
    assert statuses == [400, 400, 429]
    assert other.status_code == 400


def test_a_new_key_does_not_print(visitor: Client) -> None:
    with opened():
        answer = post(visitor, URL, {"name": "ana"}).json()
    with connection.cursor() as cursor:
        for table in ("kit_auditevent", "billing_account", "tenants_apikey"):
            cursor.execute(f"SELECT t::text FROM {table} t")
            assert answer["api_key"] not in str(cursor.fetchall())
