"""The owner's account: figures, statement, days, credit codes."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from attestation.tokens import CREDIT, new_token
from billing.models import Account, Entry
from billing.services import credit_codes, ledger
from billing.services.credit_codes import NewCode
from billing.services.ledger import Grant, HoldRequest
from hivemind.kit import clock, conf
from hivemind.kit.api.testing import OperationBattery
from hivemind.kit.models import AuditEvent
from tests.billing.conftest import OLGA
from tests.factories.rooms import post
from tests.factories.tenants import Person, alice, carol

REDEEM = "/v1/billing/credit-codes/redeem"


class TestBilling(OperationBattery):
    path = "/v1/billing"
    allowed = staticmethod(lambda: alice().api_key)
    most_queries = 4


class TestRedeem(OperationBattery):
    method = "post"
    path = REDEEM
    body = {"credit_code": "hmcc_" + "x" * 43}
    allowed = staticmethod(lambda: alice().api_key)


def charged(person: Person, cost: int, *, run_id: str) -> None:
    """A run of this person that cost so much."""
    until = clock.now() + timedelta(hours=1)
    ledger.hold(HoldRequest(run_id, person.tenant.id, cost * 2, until, enforce=False), actor=OLGA)
    ledger.settle(run_id, cost_micro_usd=cost, actor=OLGA, details={"usage": {"calls": 1}})


def code(credit: int = 3_000_000, uses: int = 1) -> str:
    return credit_codes.mint(NewCode(credit, uses), actor=OLGA).text


def test_an_empty_account_has_its_figures_and_nothing_else(alice: Person) -> None:
    assert alice.client.get("/v1/billing").json() == {
        "tenant_id": alice.tenant.id,
        "balance_micro_usd": 0,
        "held_micro_usd": 0,
        "spent_micro_usd": 0,
        "credited_micro_usd": 0,
        "enforce_credits": False,
        "ledger": [],
        "spending": [],
    }


def test_the_statement_tells_movements_in_the_words_of_the_wire(alice: Person) -> None:
    ledger.grant(alice.tenant.id, Grant(10_000_000, note="hello"), actor=OLGA)
    charged(alice, 4_250, run_id="4f0a9c1d22be")
    with conf.override("billing", enforce_credits=True):
        told = alice.client.get("/v1/billing").json()
    assert told["balance_micro_usd"] == 9_995_750 and told["enforce_credits"] is True
    assert (told["held_micro_usd"], told["spent_micro_usd"], told["credited_micro_usd"]) == (0, 4_250, 10_000_000)
    moved = [(entry["kind"], entry["run_id"], entry["amount_micro_usd"]) for entry in told["ledger"]]
    assert moved == [
        ("usage_charge", "4f0a9c1d22be", -4_250),
        ("usage_release", "4f0a9c1d22be", 8_500),
        ("usage_hold", "4f0a9c1d22be", -8_500),
        ("credit_grant", None, 10_000_000),
    ]
    newest = told["ledger"][-1]
    assert set(newest) == {
        "entry_id",
        "tenant_id",
        "created_at",
        "kind",
        "run_id",
        "amount_micro_usd",
        "metadata",
    }
    assert newest["metadata"] == {"note": "hello", "actor": "admin"}
    assert isinstance(newest["created_at"], float)


def test_spending_is_told_by_day_oldest_first(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    today = clock.now()
    for days_ago, cost in ((45, 1), (29, 20), (3, 300), (3, 4_000), (0, 50_000)):
        monkeypatch.setattr(clock, "now", lambda days_ago=days_ago: today - timedelta(days=days_ago))
        charged(alice, cost, run_id=f"{days_ago:06x}{cost:06x}")
    spending = alice.client.get("/v1/billing").json()["spending"]
    days = [(today - timedelta(days=n)).date().isoformat() for n in (29, 3, 0)]
    assert spending == [
        {"date": days[0], "spent_micro_usd": 20, "run_count": 1},
        {"date": days[1], "spent_micro_usd": 4_300, "run_count": 2},
        {"date": days[2], "spent_micro_usd": 50_000, "run_count": 1},
    ]


@pytest.mark.parametrize(("limit", "shown"), [(None, 25), ("-5", 1), ("0", 1), ("3", 3), ("100000", 30)])
def test_the_page_size_is_clamped(alice: Person, limit: str | None, shown: int) -> None:
    for n in range(30):
        ledger.grant(alice.tenant.id, Grant(n + 1), actor=OLGA)
    answer = alice.client.get("/v1/billing", {} if limit is None else {"limit": limit})
    assert len(answer.json()["ledger"]) == shown
    assert answer.json()["ledger"][0]["amount_micro_usd"] == 30


def test_a_long_statement_is_read_on_without_gaps_while_it_grows(alice: Person) -> None:
    for n in range(25):
        ledger.grant(alice.tenant.id, Grant(n + 1), actor=OLGA)
    ledger.grant(carol().tenant.id, Grant(999), actor=OLGA)
    read, cursor = [], ""
    while True:
        answer = alice.client.get("/v1/billing", {"limit": "10", **({"cursor": cursor} if cursor else {})})
        read += [entry["amount_micro_usd"] for entry in answer.json()["ledger"]]
        ledger.grant(alice.tenant.id, Grant(1_000), actor=OLGA)
        cursor = answer.headers.get("X-Next-Cursor", "")
        if not cursor:
            break
    assert read == list(range(25, 0, -1))


@pytest.mark.parametrize("query", ["cursor=x", "cursor=-1", "cursor=1.5", "cursor=" + "9" * 19, "limit=x", "odd=1"])
def test_an_odd_query_is_malformed(alice: Person, query: str) -> None:
    assert alice.client.get(f"/v1/billing?{query}").status_code == 422


def test_a_statement_takes_four_queries_whatever_its_size(alice: Person) -> None:
    for n in range(60):
        ledger.grant(alice.tenant.id, Grant(n + 1, expires_at=clock.now() + timedelta(days=1)), actor=OLGA)
    with CaptureQueriesContext(connection) as queries:
        assert len(alice.client.get("/v1/billing?limit=500").json()["ledger"]) == 60
    assert len(queries) <= 4


def test_a_guest_of_a_room_has_no_account_here(alice: Person) -> None:
    assert Client().get("/v1/billing", headers={"Authorization": "Bearer hmp_" + "x" * 43}).status_code == 401


def test_a_code_is_redeemed_once_by_each_tenant(alice: Person) -> None:
    text, bob = code(uses=2), carol()
    answer = post(alice.client, REDEEM, {"credit_code": f" {text} "})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert set(told) == {"code_id", "redemption_id", "credit_micro_usd", "balance_micro_usd"}
    assert (told["credit_micro_usd"], told["balance_micro_usd"]) == (3_000_000, 3_000_000)
    again = post(alice.client, REDEEM, {"code": text})
    assert (again.status_code, again.json()["code"]) == (403, "credit_code_redeemed")
    assert post(bob.client, REDEEM, {"code": text}).json()["balance_micro_usd"] == 3_000_000
    event = AuditEvent.objects.get(action="credit_code.redeemed", tenant_id=alice.tenant.id)
    assert event.actor == f"owner:{alice.owner.token_id}"


def test_each_refusal_of_a_code_says_its_reason(alice: Person) -> None:
    used = code()
    credit_codes.redeem(used, tenant_id=carol().tenant.id, actor=OLGA)
    made = credit_codes.mint(NewCode(1), actor=OLGA)
    revoked = made.text
    credit_codes.revoke(made.code.pk, actor=OLGA)
    moment = clock.now() + timedelta(milliseconds=1)
    old = credit_codes.mint(NewCode(1, expires_at=moment), actor=OLGA).text
    time.sleep(0.005)
    told = {
        used: (403, "credit_code_exhausted"),
        revoked: (403, "credit_code_revoked"),
        old: (403, "credit_code_expired"),
        new_token(CREDIT): (403, "credit_code_invalid"),
        alice.api_key: (403, "credit_code_invalid"),
    }
    for text, reason in told.items():
        answer = post(alice.client, REDEEM, {"credit_code": text})
        assert (answer.status_code, answer.json()["code"]) == reason
        assert text not in answer.content.decode()
    assert not Entry.objects.filter(account=alice.tenant.id).exists()


@pytest.mark.parametrize("body", [{}, {"credit_code": ""}, {"credit_code": None}, {"code": "  "}])
def test_a_missing_code_is_told_as_such(alice: Person, body: dict) -> None:
    answer = post(alice.client, REDEEM, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "credit_code_missing")


def test_the_first_of_two_names_wins(alice: Person) -> None:
    first, second = code(1), code(2)
    assert post(alice.client, REDEEM, {"code": second, "credit_code": first}).json()["credit_micro_usd"] == 1
    assert post(alice.client, REDEEM, {"code": second, "credit_code": ""}).json()["credit_micro_usd"] == 2


def test_guessing_codes_is_slowed_down_by_tenant(alice: Person) -> None:
    with conf.override("throttles", redeem="2/hour"):
        wrong = {"credit_code": new_token(CREDIT)}
        statuses = [post(alice.client, REDEEM, wrong).status_code for _ in range(3)]
        assert statuses == [403, 403, 429]
        answer = post(alice.client, REDEEM, {"credit_code": code()})
        assert answer.status_code == 429 and int(answer.headers["Retry-After"]) > 0
        assert post(carol().client, REDEEM, {"credit_code": code()}).status_code == 200
    assert Account.objects.get(pk=alice.tenant.id).balance_micro_usd == 0
