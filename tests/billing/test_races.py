"""Whatever happens at once, and whoever is cut off in between, no cent appears, vanishes or is spent twice."""

from collections import Counter

import pytest
from django.db import connection

from billing import errors
from billing.models import Account, Entry, Hold
from billing.services import bookkeeping, checks, ledger
from billing.services.ledger import Grant
from tests.billing import crowd
from tests.billing.conftest import OLGA
from tests.billing.full_books import BOB, hold, settle
from tests.billing.racing import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(crowd.SECONDS + 120)]
RUN = "0123456789ab"


@pytest.fixture
def rich() -> None:
    bookkeeping.open_account(BOB, name="bob", actor=OLGA)
    ledger.grant(BOB, Grant(1_000), actor=OLGA)


def kinds(outcomes: list[object]) -> Counter[type]:
    return Counter(type(outcome) for outcome in outcomes)


def test_a_crowd_whose_connections_are_cut_leaves_the_books_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = crowd.play(64, crowd.SECONDS)
    with capsys.disabled():
        rate = crowd.entries_per_second(crowd.SECONDS)
        print(f"\n64 writers for {crowd.SECONDS:g} s: {outcome}; {rate:.0f} entries/s")
    assert outcome.surprises == []
    assert checks.check() == []
    assert crowd.lowest_balance() >= 0
    told = set(outcome.settled)
    assert told and len(told) == len(outcome.settled), "two were told that they had resolved the same hold"
    resolved = set(
        Hold.objects.exclude(resolution="expired").exclude(resolved_at=None).values_list("run_id", flat=True)
    )
    assert told <= resolved, "a settlement that was reported is lost"
    assert len(resolved - told) <= outcome.cut, "only one who was cut off may not know that he settled"
    assert outcome.killed and outcome.proofs and len(outcome.done) == 9, "not everything was tried"


def test_of_fifty_settlements_at_once_one_wins(rich: None) -> None:
    hold(BOB, 300, RUN)
    outcomes = race(*(lambda cost=cost: ledger.settle(RUN, cost_micro_usd=cost, actor=OLGA, details={}).cost_micro_usd
                      for cost in range(1, 51)))  # fmt: skip
    assert kinds(outcomes) == {int: 1, errors.HoldResolved: 49}
    paid = next(outcome for outcome in outcomes if isinstance(outcome, int))
    assert Hold.objects.get().cost_micro_usd == paid == Account.objects.get().spent_micro_usd
    assert Entry.objects.filter(run_id=RUN).count() == 3
    assert checks.check() == []


def test_settling_voiding_and_expiring_at_once_resolve_once(rich: None) -> None:
    hold(BOB, 300, RUN)
    outcomes = race(*[lambda: ledger.settle(RUN, cost_micro_usd=9, actor=OLGA, details={}).resolution] * 8,
                    *[lambda: ledger.void(RUN, actor=OLGA, reason="x").resolution] * 8)  # fmt: skip
    assert kinds(outcomes) == {str: 1, errors.HoldResolved: 15}
    assert checks.check() == []


def test_holds_at_once_never_hold_more_than_there_is(rich: None) -> None:
    outcomes = race(*(lambda n=n: hold(BOB, 70, f"{n:012x}") for n in range(24)))
    assert kinds(outcomes) == {type(None): 14, errors.InsufficientCredit: 10}
    assert crowd.lowest_balance() == 20
    assert checks.check() == []


def test_holds_debits_and_refunds_at_once_stay_within_what_there_is(rich: None) -> None:
    hold(BOB, 1_000, RUN)
    settle(RUN, 600)  # 400 are left, 600 may be refunded
    outcomes = race(
        *(lambda n=n: hold(BOB, 90, f"{n:012x}") for n in range(8)),
        *[lambda: ledger.debit(BOB, 90, actor=OLGA, note="x")] * 8,
        *[lambda: ledger.refund(BOB, 250, actor=OLGA, note="x", run_id=RUN)] * 4,
        *[lambda: ledger.refund(BOB, 250, actor=OLGA, note="x")] * 4,
    )
    assert kinds(outcomes)[errors.RefundTooLarge] == 6
    assert not any(isinstance(outcome, AssertionError | TypeError) for outcome in outcomes)
    assert crowd.lowest_balance() >= 0
    assert checks.check() == []


def test_an_account_is_opened_once_however_many_open_it() -> None:
    outcomes = race(*[lambda: bookkeeping.open_account(BOB, name="bob", actor=OLGA).pk] * 12)
    assert outcomes == [BOB] * 12
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kit_auditevent WHERE action = 'account.opened'")
        assert cursor.fetchone() == (1,)
