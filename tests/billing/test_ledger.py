"""Moving money: what each act does to the figures, and what the database refuses whoever asks."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from billing import errors
from billing.models import Account, DailyFigure, Entry, Hold
from billing.services import bookkeeping, ledger
from billing.services.ledger import Grant, HoldRequest
from hivemind.kit import clock
from tests.billing.conftest import OLGA

RUN = "0123456789ab"


def figures(account: Account) -> tuple[int, int, int, int, int]:
    account.refresh_from_db()
    return (
        account.balance_micro_usd,
        account.held_micro_usd,
        account.spent_micro_usd,
        account.credited_micro_usd,
        account.debited_micro_usd,
    )


def given(account: Account, amount: int) -> Entry:
    return ledger.grant(account.pk, Grant(amount), actor=OLGA)


def held(account: Account, amount: int, *, run_id: str = RUN, enforce: bool = True) -> Hold:
    wanted = HoldRequest(
        run_id=run_id,
        tenant_id=account.pk,
        amount_micro_usd=amount,
        expires_at=clock.now() + timedelta(hours=1),
        enforce=enforce,
    )
    return ledger.hold(wanted, actor=OLGA)


def settled(cost: int, *, run_id: str = RUN) -> Hold:
    return ledger.settle(run_id, cost_micro_usd=cost, actor=OLGA, details={})


def test_a_run_is_held_then_charged_what_it_cost(account: Account) -> None:
    given(account, 10_000_000)
    held(account, 2_000_000)
    assert figures(account) == (8_000_000, 2_000_000, 0, 10_000_000, 0)
    settled(4_250)
    assert figures(account) == (9_995_750, 0, 4_250, 10_000_000, 0)
    kinds = list(account.entries.order_by("position").values_list("position", "kind", "balance_after_micro_usd"))
    assert kinds == [
        (1, "grant", 10_000_000),
        (2, "hold", 8_000_000),
        (3, "release", 10_000_000),
        (4, "charge", 9_995_750),
    ]
    day = DailyFigure.objects.get(account=account)
    assert (day.credited_micro_usd, day.spent_micro_usd, day.run_count) == (10_000_000, 4_250, 1)


def test_a_second_settlement_changes_nothing(account: Account) -> None:
    given(account, 10_000_000)
    held(account, 2_000_000)
    settled(4_250)
    with pytest.raises(errors.HoldResolved):
        settled(4_250)
    with pytest.raises(errors.HoldResolved):
        ledger.void(RUN, actor=OLGA, reason="again")
    assert figures(account)[0] == 9_995_750
    assert account.entry_count == 4


def test_a_run_never_costs_more_than_its_hold(account: Account) -> None:
    given(account, 100)
    held(account, 60)
    assert settled(61).cost_micro_usd == 60
    assert figures(account) == (40, 0, 60, 100, 0)
    charge = Entry.objects.get(kind="charge")
    assert charge.details["capped_from_micro_usd"] == 61


def test_a_hold_is_refused_from_one_micro_dollar_too_little(account: Account) -> None:
    given(account, 1_999_999)
    with pytest.raises(errors.InsufficientCredit, match="insufficient billing credit") as refused:
        held(account, 2_000_000)
    assert refused.value.extra == {"balance_micro_usd": 1_999_999, "required_hold_micro_usd": 2_000_000}
    given(account, 1)
    held(account, 2_000_000)
    assert figures(account)[0] == 0


def test_without_enforcement_the_balance_may_fall_below_zero(account: Account) -> None:
    held(account, 3_500_000, enforce=False)
    assert figures(account)[:2] == (-3_500_000, 3_500_000)
    settled(1_000)
    assert figures(account)[:3] == (-1_000, 0, 1_000)


def test_a_voided_hold_comes_back_whole(account: Account) -> None:
    given(account, 500)
    held(account, 500)
    assert ledger.void(RUN, actor=OLGA, reason="never ran").resolution == "voided"
    assert figures(account) == (500, 0, 0, 500, 0)


def test_a_debit_takes_at_most_the_balance_unless_told(account: Account) -> None:
    given(account, 500)
    with pytest.raises(errors.Overdraft):
        ledger.debit(account.pk, 501, actor=OLGA, note="mistake")
    ledger.debit(account.pk, 501, actor=OLGA, note="mistake", allow_overdraft=True)
    assert figures(account) == (-1, 0, 0, 500, 501)
    with pytest.raises(errors.BadNote):
        ledger.debit(account.pk, 1, actor=OLGA, note=" ")


def test_a_run_is_refunded_at_most_what_it_was_charged(account: Account) -> None:
    given(account, 500)
    held(account, 300)
    settled(200)
    ledger.refund(account.pk, 150, actor=OLGA, note="bad answer", run_id=RUN)
    with pytest.raises(errors.RefundTooLarge):
        ledger.refund(account.pk, 51, actor=OLGA, note="bad answer", run_id=RUN)
    ledger.refund(account.pk, 50, actor=OLGA, note="bad answer", run_id=RUN)
    assert figures(account) == (500, 0, 200, 700, 0)


def test_a_closed_account_keeps_its_books_and_takes_nothing_new(account: Account) -> None:
    given(account, 500)
    held(account, 300)
    bookkeeping.close_account(account.pk, name="bob & sons", actor=OLGA)
    settled(100)
    assert figures(account) == (400, 0, 100, 500, 0)
    assert account.name == "bob & sons"
    with pytest.raises(errors.AccountClosed):
        given(account, 1)
    with pytest.raises(errors.AccountClosed):
        held(account, 1, run_id="ffffffffffff")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE billing_account SET balance_micro_usd = 9, credited_micro_usd = 9 + spent_micro_usd",
        "UPDATE billing_account SET entry_count = 0",
        "DELETE FROM billing_account",
        "UPDATE billing_entry SET amount_micro_usd = 1",
        "UPDATE billing_entry SET note = 'other'",
        "DELETE FROM billing_entry",
        "UPDATE billing_dailyfigure SET spent_micro_usd = 5",
        "DELETE FROM billing_dailyfigure",
        "UPDATE billing_hold SET amount_micro_usd = 1",
        "UPDATE billing_hold SET expires_at = now()",
        "UPDATE billing_hold SET resolved_at = NULL, resolution = '', cost_micro_usd = 0",
        "DELETE FROM billing_hold",
        "INSERT INTO billing_account (tenant_id, name, opened_at, balance_micro_usd, held_micro_usd, spent_micro_usd,"
        " credited_micro_usd, debited_micro_usd, entry_count) VALUES ('t_ff', 'x', now(), 5, 0, 0, 5, 0, 0)",
    ],
)
def test_the_database_refuses_to_change_the_books(account: Account, sql: str) -> None:
    given(account, 500)
    held(account, 300)
    settled(100)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert figures(account) == (400, 0, 100, 500, 0)


@pytest.mark.parametrize("kind", ["release", "charge"])
def test_the_database_refuses_a_second_resolution(account: Account, kind: str) -> None:
    given(account, 500)
    held(account, 300)
    settled(100)
    amount = 300 if kind == "release" else -100
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.create(
            entry_id="ble_" + "0" * 24,
            account=account,
            kind=kind,
            amount_micro_usd=amount,
            run_id=RUN,
            actor="x",
            created_at=clock.now(),
        )
    assert figures(account)[0] == 400


@pytest.mark.parametrize(
    ("kind", "amount"),
    [("release", 299), ("release", 301), ("charge", -301), ("hold", 5), ("grant", -5), ("charge", 5)],
)
def test_the_database_refuses_movements_that_no_hold_covers(account: Account, kind: str, amount: int) -> None:
    given(account, 500)
    held(account, 300)
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.create(
            entry_id="ble_" + "0" * 24,
            account=account,
            kind=kind,
            amount_micro_usd=amount,
            run_id=RUN if kind in ("release", "charge") else "ffffffffffff",
            actor="x",
            created_at=clock.now(),
        )


@pytest.mark.django_db(transaction=True)
def test_a_hold_without_its_entry_cannot_be_committed() -> None:
    account = bookkeeping.open_account("t_00000000000b", name="bob", actor=OLGA)
    with pytest.raises(IntegrityError, match="without its entry"):
        Hold.objects.create(
            run_id=RUN, account=account, amount_micro_usd=5, created_at=clock.now(), expires_at=clock.now()
        )
    given(account, 500)
    held(account, 300)
    with pytest.raises(IntegrityError, match="without its entries"):
        Hold.objects.filter(pk=RUN).update(resolved_at=clock.now(), resolution="voided")


def test_the_books_are_not_emptied_by_a_session_that_does_not_say_so(account: Account) -> None:
    with pytest.raises(DatabaseError, match="books are kept"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL hivemind.may_empty_the_books = off")
        cursor.execute("TRUNCATE billing_entry CASCADE")


def test_an_act_asked_for_again_under_its_key_moves_nothing_more(account: Account) -> None:
    first = ledger.grant(account.pk, Grant(500, note="fair", key="ab" * 6), actor=OLGA)
    assert ledger.grant(account.pk, Grant(500, note="fair", key="ab" * 6), actor=OLGA).pk == first.pk
    taken = ledger.debit(account.pk, 20, actor=OLGA, note="mistake", key="cd" * 6)
    assert ledger.debit(account.pk, 20, actor=OLGA, note="mistake", key="cd" * 6).pk == taken.pk
    assert figures(account) == (480, 0, 0, 500, 20)
    other = bookkeeping.open_account("t_00000000000c", name="carol", actor=OLGA)
    assert ledger.grant(other.pk, Grant(500, note="fair", key="ab" * 6), actor=OLGA).account_id == other.pk


def test_another_act_under_a_used_key_is_refused(account: Account) -> None:
    ledger.grant(account.pk, Grant(500, note="fair", key="ab" * 6), actor=OLGA)
    for refused in (
        lambda: ledger.grant(account.pk, Grant(501, note="fair", key="ab" * 6), actor=OLGA),
        lambda: ledger.grant(account.pk, Grant(500, note="other", key="ab" * 6), actor=OLGA),
        lambda: ledger.debit(account.pk, 500, actor=OLGA, note="fair", key="ab" * 6),
    ):
        with pytest.raises(errors.RepeatDiffers):
            refused()
    assert figures(account) == (500, 0, 0, 500, 0)
