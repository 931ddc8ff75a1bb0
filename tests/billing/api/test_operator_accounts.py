"""Accounts over the operator's API: figures of all, one account, the ledger, and movements by hand."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing.models import Account, CreditLot
from billing.services import bookkeeping, ledger
from billing.services.ledger import Grant, HoldRequest
from hivemind.kit import clock, conf
from hivemind.kit.models import AuditEvent
from tenants.services import tenants
from tests.billing.conftest import OLGA
from tests.factories import tenants as people
from tests.factories.operator import OperatorBattery
from tests.factories.rooms import post
from tests.factories.tenants import Person

URL = "/v1/admin/billing"
NOBODY = "t_000000000000"


class TestAccounts(OperatorBattery):
    path = URL
    most_queries = 2


class TestLedger(OperatorBattery):
    path = f"{URL}/ledger"
    most_queries = 1


class TestAccount(OperatorBattery):
    path = f"{URL}/{NOBODY}"


class TestGrant(OperatorBattery):
    method = "post"
    path = f"{URL}/{NOBODY}/credits"
    body = {"amount_usd": "5.00"}


class TestDebit(OperatorBattery):
    method = "post"
    path = f"{URL}/{NOBODY}/debits"
    body = {"amount_usd": "5.00", "note": "mistake"}


class TestRefund(OperatorBattery):
    method = "post"
    path = f"{URL}/{NOBODY}/refunds"
    body = {"amount_usd": "5.00", "note": "bad answer"}


@pytest.fixture
def account(alice: Person) -> str:
    """The path of Alice's account."""
    return f"{URL}/{alice.tenant.id}"


def held(person: Person, amount: int, *, run_id: str) -> None:
    until = clock.now() + timedelta(hours=1)
    ledger.hold(HoldRequest(run_id, person.tenant.id, amount, until, enforce=True), actor=OLGA)


def test_credit_is_given_and_the_entry_comes_back(olga: Client, alice: Person, account: str) -> None:
    answer = post(olga, f"{account}/credits", {"amount_usd": "5", "note": "n"})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["kind"], told["amount_micro_usd"], told["run_id"]) == ("credit_grant", 5_000_000, None)
    assert told["metadata"] == {"note": "n", "actor": "admin"} and told["balance_micro_usd"] == 5_000_000
    assert alice.client.get("/v1/billing").json()["ledger"][0]["entry_id"] == told["entry_id"]
    assert AuditEvent.objects.get(action="credit.granted").actor == "operator:admin key"


def test_credit_may_have_an_end(olga: Client, account: str) -> None:
    now = clock.now().timestamp()
    post(olga, f"{account}/credits", {"amount_usd": 1, "expires_at": now + 500})
    post(olga, f"{account}/credits", {"amount_usd": 1, "expires_in_seconds": 100, "expires_at": now + 500})
    ends = [lot.expires_at.timestamp() - now for lot in CreditLot.objects.order_by("expires_at")]
    assert ends == pytest.approx([100, 500], abs=30)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"amount_usd": 0}, 400, "bad_amount"),
        ({"amount_usd": "0.0000004"}, 400, "bad_amount"),
        ({"amount_usd": -1}, 400, "bad_amount"),
        ({"amount_usd": "NaN"}, 400, "bad_amount"),
        ({"amount_usd": "1e18"}, 400, "bad_amount"),
        ({"amount_usd": [5]}, 400, "bad_amount"),
        ({"amount_usd": None}, 400, "bad_amount"),
        ({}, 400, "bad_amount"),
        ({"amount_usd": 1, "note": "x" * 201}, 422, "malformed"),
        ({"amount_usd": 1, "note": "a\0b"}, 422, "malformed"),
        ({"amount_usd": 1, "note": "key hmk_" + "x" * 43}, 400, "bad_note"),
        ({"amount_usd": 1, "expires_at": 5}, 400, "bad_expiry"),
    ],
)
def test_a_wrong_value_moves_nothing(
    olga: Client, alice: Person, account: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = post(olga, f"{account}/credits", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Account.objects.get(pk=alice.tenant.id).entry_count == 0


def test_a_debit_takes_at_most_the_balance_unless_told(olga: Client, account: str) -> None:
    post(olga, f"{account}/credits", {"amount_usd": 1})
    refused = post(olga, f"{account}/debits", {"amount_usd": "1.000001", "note": "mistake"})
    assert (refused.status_code, refused.json()["code"]) == (409, "overdraft")
    told = post(olga, f"{account}/debits", {"amount_usd": "0.25", "note": "mistake"}).json()
    assert (told["kind"], told["amount_micro_usd"], told["balance_micro_usd"]) == ("usage_charge", -250_000, 750_000)
    deep = {"amount_usd": 1, "note": "mistake", "allow_overdraft": True}
    assert post(olga, f"{account}/debits", deep).json()["balance_micro_usd"] == -250_000


@pytest.mark.parametrize("act", ["debits", "refunds"])
@pytest.mark.parametrize("note", [{}, {"note": ""}, {"note": "  "}, {"note": None}])
def test_taking_and_refunding_need_a_reason(olga: Client, account: str, act: str, note: dict[str, Any]) -> None:
    assert post(olga, f"{account}/{act}", {"amount_usd": 1, **note}).status_code == 422


def test_a_refund_gives_back_what_was_charged(olga: Client, alice: Person, account: str) -> None:
    post(olga, f"{account}/credits", {"amount_usd": 1})
    held(alice, 300_000, run_id="a" * 12)
    ledger.settle("a" * 12, cost_micro_usd=200_000, actor=OLGA, details={})
    body = {"amount_usd": "0.2", "note": "bad answer", "run_id": "a" * 12}
    told = post(olga, f"{account}/refunds", body).json()
    assert (told["kind"], told["amount_micro_usd"], told["balance_micro_usd"]) == ("credit_grant", 200_000, 1_000_000)
    for more in (body, body | {"run_id": "b" * 12}, {"amount_usd": 1, "note": "x"}):
        again = post(olga, f"{account}/refunds", more)
        assert (again.status_code, again.json()["code"]) == (409, "refund_too_large")


@pytest.mark.parametrize("act", ["credits", "debits", "refunds"])
def test_nobodys_account_moves_not(olga: Client, act: str) -> None:
    answer = post(olga, f"{URL}/{NOBODY}/{act}", {"amount_usd": 1, "note": "n"})
    assert (answer.status_code, answer.json()["code"]) == (404, "account_not_found")
    assert '"' not in answer.json()["detail"]


def test_one_account_is_told_as_its_owner_sees_it(olga: Client, alice: Person, account: str) -> None:
    post(olga, f"{account}/credits", {"amount_usd": 1})
    assert olga.get(account).json() == alice.client.get("/v1/billing").json()
    assert olga.get(f"{URL}/{NOBODY}").status_code == 404


def test_accounts_are_listed_newest_first_with_outstanding_holds(olga: Client, alice: Person) -> None:
    bob = people.bob()
    ledger.grant(alice.tenant.id, Grant(10_000_000), actor=OLGA)
    for n, resolve in enumerate((True, False)):
        held(alice, 2_000_000, run_id=f"{n:012x}")
        if resolve:
            ledger.settle(f"{n:012x}", cost_micro_usd=4_250, actor=OLGA, details={})
    tenants.suspend(bob.tenant.id, actor=OLGA)
    with conf.override("billing", enforce_credits=True):
        told = olga.get(URL).json()
    assert told["enforce_credits"] is True
    assert [row["tenant_id"] for row in told["accounts"]] == [bob.tenant.id, alice.tenant.id]
    assert [row["suspended"] for row in told["accounts"]] == [True, False]
    hers = told["accounts"][1]
    assert hers | {"created_at": 0.0} == {
        "tenant_id": alice.tenant.id,
        "name": "alice",
        "created_at": 0.0,
        "closed_at": None,
        "suspended": False,
        "balance_micro_usd": 7_995_750,
        "total_credit_micro_usd": 10_000_000,
        "total_spent_micro_usd": 4_250,
        "total_held_micro_usd": 2_000_000,
        "total_debited_micro_usd": 0,
    }


def test_the_books_of_a_tenant_that_is_gone_are_kept(olga: Client, alice: Person, account: str) -> None:
    ledger.grant(alice.tenant.id, Grant(7), actor=OLGA)
    bookkeeping.close_account(alice.tenant.id, name="alice", actor=OLGA)
    alice.tenant.delete()
    assert olga.get(URL).json()["accounts"] == []
    row = olga.get(URL, {"include_closed": "true"}).json()["accounts"][0]
    assert row["balance_micro_usd"] == 7 and row["suspended"] is True and row["closed_at"] is not None
    assert olga.get(account).json()["ledger"][0]["amount_micro_usd"] == 7
    answer = post(olga, f"{account}/credits", {"amount_usd": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "account_closed")


def test_accounts_are_read_in_pages(olga: Client) -> None:
    for n in range(5):
        bookkeeping.open_account(f"t_{n:012x}", name=str(n), actor=OLGA)
    read, cursor = [], ""
    while True:
        answer = olga.get(URL, {"limit": "2", **({"cursor": cursor} if cursor else {})})
        read += [row["name"] for row in answer.json()["accounts"]]
        cursor = answer.headers.get("X-Next-Cursor", "")
        if not cursor:
            break
    assert read == ["4", "3", "2", "1", "0"]


def test_the_ledger_is_newest_first_across_accounts(olga: Client, alice: Person) -> None:
    bob = people.bob()
    for n, person in enumerate((alice, bob, alice, bob, alice)):
        ledger.grant(person.tenant.id, Grant(n + 1), actor=OLGA)
    first = olga.get(f"{URL}/ledger", {"limit": 3})
    rest = olga.get(f"{URL}/ledger", {"limit": 3, "cursor": first.headers["X-Next-Cursor"]})
    rows = [row for answer in (first, rest) for row in answer.json()["ledger"]]
    assert [(row["name"], row["amount_micro_usd"]) for row in rows] == [
        ("alice", 5),
        ("bob", 4),
        ("alice", 3),
        ("bob", 2),
        ("alice", 1),
    ]
    of_bob = olga.get(f"{URL}/ledger", {"tenant_id": bob.tenant.id}).json()["ledger"]
    assert [row["amount_micro_usd"] for row in of_bob] == [4, 2]
    assert olga.get(f"{URL}/ledger", {"tenant_id": NOBODY}).json() == {"ledger": []}
    assert len(olga.get(f"{URL}/ledger", {"tenant_id": ""}).json()["ledger"]) == 5


@pytest.mark.parametrize(
    ("act", "body"), [("credits", {"amount_usd": "5"}), ("debits", {"amount_usd": "5", "note": "mistake"})]
)
def test_a_movement_asked_for_again_is_answered_and_not_made_again(
    olga: Client, alice: Person, account: str, act: str, body: dict[str, Any]
) -> None:
    post(olga, f"{account}/credits", {"amount_usd": "100"})
    olga.defaults["HTTP_X_HIVEMIND_IDEMPOTENCY_KEY"] = "AB" * 8
    first, second = (post(olga, f"{account}/{act}", body).json() for _ in range(2))
    assert first == second
    assert Account.objects.get(pk=alice.tenant.pk).entry_count == 2
    assert post(olga, f"{account}/{act}", {**body, "amount_usd": "6"}).json()["code"] == "repeat_differs"
    olga.defaults["HTTP_X_HIVEMIND_IDEMPOTENCY_KEY"] = "not a key"
    assert post(olga, f"{account}/{act}", body).json()["code"] == "bad_repeat_key"
