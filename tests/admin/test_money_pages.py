"""Grants, debits and refunds by hand: looked over first, done once, and what is refused."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.core import signing
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from billing.admin import once
from billing.models import Account, CreditLot, Entry, SentPage
from billing.services import bookkeeping
from hivemind.kit import clock
from hivemind.kit.models import AuditEvent
from tests.admin import books
from tests.admin.books import DOLLAR
from tests.factories.tenants import Person

PAGE = re.compile(r'name="page" value="([^"]+)"')
NOTE = "contract of November"


def address(person: Person, name: str) -> str:
    return reverse(f"admin:billing_account_{name}", args=[quote(person.tenant.pk)])


def fill(client: Client, person: Person, name: str, **values: str) -> dict[str, str]:
    """The form as a browser would send it: with the number of the page that was opened."""
    [page] = PAGE.findall(client.get(address(person, name)).content.decode())
    return {"page": page, "note": NOTE, **values}


def move(client: Client, person: Person, name: str, **values: str) -> HttpResponse:
    return client.post(address(person, name), {**fill(client, person, name, **values), "confirmed": ""})


def messages(answer: HttpResponse, client: Client) -> str:
    assert answer.status_code == 302, answer.content.decode()
    return client.get(answer["Location"]).content.decode()


def test_a_grant_is_looked_over_before_anything_moves(olga: Client, alice: Person) -> None:
    answer = olga.post(address(alice, "grant"), fill(olga, alice, "grant", amount="$25.50"))
    text = answer.content.decode()
    assert "$0.000000" in text and "+$25.500000" in text and NOTE in text
    assert not Entry.objects.exists() and not SentPage.objects.exists()


def test_a_grant_moves_the_balance_and_says_the_new_one(olga: Client, alice: Person) -> None:
    text = messages(move(olga, alice, "grant", amount="25.5"), olga)
    assert "$25.500000 granted" in text and "is now $25.500000" in text
    entry = Entry.objects.get()
    assert (entry.amount_micro_usd, entry.note, entry.actor) == (25_500_000, NOTE, "operator:olga")
    assert AuditEvent.objects.get(action="credit.granted").details["note"] == NOTE


def test_what_was_looked_over_can_be_changed(olga: Client, alice: Person) -> None:
    sent = fill(olga, alice, "grant", amount="25")
    answer = olga.post(address(alice, "grant"), {**sent, "change": ""})
    assert 'value="25"' in answer.content.decode() and "Look it over" in answer.content.decode()
    assert not Entry.objects.exists()


def test_a_grant_may_expire_at_the_end_of_a_day(olga: Client, alice: Person) -> None:
    move(olga, alice, "grant", amount="5", expires_on="2999-12-31")
    assert CreditLot.objects.get().expires_at.isoformat() == "2999-12-31T23:59:59+00:00"
    move(olga, alice, "grant", amount="5", expires_on=clock.now().date().isoformat())
    assert Entry.objects.count() == 1


def test_a_page_sent_twice_moves_money_once(olga: Client, alice: Person) -> None:
    sent = {**fill(olga, alice, "grant", amount="25"), "confirmed": ""}
    olga.post(address(alice, "grant"), sent)
    text = messages(olga.post(address(alice, "grant"), sent), olga)
    assert "Nothing was done a second time" in text
    assert books.balance(alice.tenant.pk) == 25 * DOLLAR


@pytest.mark.django_db(transaction=True)
def test_a_page_sent_by_many_at_once_moves_money_once(alice: Person) -> None:
    user = User.objects.create_superuser("olga", password="a password of hers")
    client = Client()
    client.force_login(user)
    sent = {**fill(client, alice, "grant", amount="25"), "confirmed": ""}

    def send(_: int) -> int:
        mine = Client()
        mine.cookies = client.cookies
        try:
            return mine.post(address(alice, "grant"), sent).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(send, range(6))) == {302}
    assert books.balance(alice.tenant.pk) == 25 * DOLLAR


def test_a_page_that_came_to_nothing_may_be_sent_again(olga: Client, alice: Person) -> None:
    sent = {**fill(olga, alice, "debit", amount="1", overdraw="on"), "confirmed": ""}
    Account.objects.filter(pk=alice.tenant.pk).update(name="alice")
    olga.post(address(alice, "debit"), {**sent, "amount": "9999999999"})
    assert not SentPage.objects.exists()
    olga.post(address(alice, "debit"), sent)
    assert books.balance(alice.tenant.pk) == -DOLLAR


@pytest.mark.parametrize(
    "page",
    ["", "1", "x" * 500, signing.dumps("0" * 32, salt="another form"), "\u0660", "a:b:c"],
    ids=["empty", "digit", "long", "signed for another form", "other digits", "parts"],
)
def test_a_page_of_anothers_making_moves_nothing(olga: Client, alice: Person, page: str) -> None:
    answer = olga.post(address(alice, "grant"), {"page": page, "amount": "5", "note": NOTE, "confirmed": ""})
    assert once.STALE in answer.content.decode() and not Entry.objects.exists()


def test_a_page_of_yesterday_moves_nothing(olga: Client, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as then:
        then.setattr("django.core.signing.time.time", lambda: clock.now().timestamp() - 13 * 3600)
        page = once.new_page()
    answer = olga.post(address(alice, "grant"), {"page": page, "amount": "5", "note": NOTE, "confirmed": ""})
    assert once.STALE in answer.content.decode() and not Entry.objects.exists()


BAD_AMOUNTS = [
    "",
    "0",
    "-5",
    "0.0000001",
    "NaN",
    "Infinity",
    "1e400",
    "1_000",
    "1,000",
    "\u0665",
    "5 dollars",
    "9" * 39,
]


@pytest.mark.parametrize("amount", BAD_AMOUNTS)
@pytest.mark.parametrize("name", ["grant", "debit", "refund"])
def test_what_is_no_amount_moves_nothing(olga: Client, alice: Person, name: str, amount: str) -> None:
    books.spend(alice.tenant.pk, 1)
    before = Entry.objects.count()
    assert move(olga, alice, name, amount=amount, overdraw="on").status_code == 200
    assert Entry.objects.count() == before


@pytest.mark.parametrize("note", ["", "   ", "x" * 201, "it was \0"])
def test_a_movement_wants_a_reason(olga: Client, alice: Person, note: str) -> None:
    assert move(olga, alice, "grant", amount="5", note=note).status_code == 200
    assert not Entry.objects.exists()


@pytest.mark.parametrize("prefix", ["hmk_", "hmq_", "hms_", "hmcc_", "hmp_"])
def test_a_reason_that_holds_a_token_is_refused(olga: Client, alice: Person, prefix: str) -> None:
    answer = move(olga, alice, "grant", amount="5", note=f"for {prefix}{'a' * 43}")
    assert "the books forget nothing" in answer.content.decode() and not Entry.objects.exists()


def test_markup_in_a_reason_is_text(olga: Client, alice: Person) -> None:
    move(olga, alice, "grant", amount="5", note="<script>alert(1)</script>")
    for name in ("change", "statement"):
        text = olga.get(address(alice, name)).content.decode()
        assert "<script>alert" not in text and "&lt;script&gt;alert" in text


def test_a_debit_above_the_balance_has_to_be_meant(olga: Client, alice: Person) -> None:
    books.grant(alice.tenant.pk, 3)
    answer = move(olga, alice, "debit", amount="4")
    assert "more than the balance of $3.000000" in answer.content.decode()
    text = messages(move(olga, alice, "debit", amount="4", overdraw="on"), olga)
    assert "is now -$1.000000" in text and books.balance(alice.tenant.pk) == -DOLLAR


def test_a_refund_of_a_run_begins_with_what_it_cost(olga: Client, alice: Person) -> None:
    books.grant(alice.tenant.pk, 10)
    run_id = books.spend(alice.tenant.pk, 2.5)
    text = olga.get(address(alice, "refund"), {"run": run_id}).content.decode()
    assert f'value="{run_id}"' in text and 'value="2.500000"' in text
    messages(move(olga, alice, "refund", amount="2", run_id=run_id), olga)
    answer = move(olga, alice, "refund", amount="1", run_id=run_id)
    assert "$0.500000 can be given back" in answer.content.decode()
    assert books.balance(alice.tenant.pk) == round(9.5 * DOLLAR)


@pytest.mark.parametrize("run_id", ["0" * 12, "' OR 1=1", "../../x", "\u202e"])
def test_a_refund_of_a_run_that_the_account_never_paid_is_refused(olga: Client, alice: Person, run_id: str) -> None:
    books.spend(alice.tenant.pk, 1)
    answer = move(olga, alice, "refund", amount="0.5", run_id=run_id)
    assert "paid for no run of that id" in answer.content.decode()
    assert olga.get(address(alice, "refund"), {"run": run_id}).status_code == 200


def test_more_than_was_ever_spent_is_not_refunded(olga: Client, alice: Person) -> None:
    books.spend(alice.tenant.pk, 1)
    assert move(olga, alice, "refund", amount="1.01").status_code == 200
    assert move(olga, alice, "refund", amount="1").status_code == 302
    assert move(olga, alice, "refund", amount="0.01").status_code == 200


def test_a_closed_account_takes_no_grant(olga: Client, alice: Person) -> None:
    bookkeeping.close_account(alice.tenant.pk, name="alice", actor=books.OLGA)
    answer = move(olga, alice, "grant", amount="5")
    assert "The account is closed" in answer.content.decode() and not SentPage.objects.exists()


@pytest.mark.parametrize("name", ["grant", "debit", "refund"])
def test_who_only_looks_on_moves_nothing(vera: Client, olga: Client, alice: Person, name: str) -> None:
    books.grant(alice.tenant.pk, 5)
    sent = {**fill(olga, alice, name, amount="1"), "confirmed": ""}
    assert vera.get(address(alice, name)).status_code == 403
    assert vera.post(address(alice, name), sent).status_code == 403
    page = vera.get(address(alice, "change")).content.decode()
    assert address(alice, name) not in page and address(alice, "statement") in page
    assert Entry.objects.count() == 1


def test_an_account_that_is_not_there_has_no_page(olga: Client, alice: Person) -> None:
    for name in ("grant", "debit", "refund", "statement"):
        assert olga.get(f"/admin/billing/account/t_ffffffffffff/{name}/").status_code == 404
