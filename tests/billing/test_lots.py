"""Grants that expire."""

from datetime import datetime, timedelta

import pytest

from billing.errors import BadExpiry
from billing.models import Account, CreditLot
from billing.services import ledger
from billing.services.ledger import Grant
from hivemind.kit import clock
from tests.billing.conftest import OLGA
from tests.billing.test_ledger import figures, given, held, settled


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch):
    """Move the clock on."""

    def move(days: float) -> None:
        moment = datetime.now(tz=clock.now().tzinfo) + timedelta(days=days)
        monkeypatch.setattr(clock, "now", lambda: moment)

    return move


def lent(account: Account, amount: int, *, days: float = 1) -> None:
    ledger.grant(account.pk, Grant(amount, expires_at=clock.now() + timedelta(days=days)), actor=OLGA)


def expired(account: Account) -> int:
    return ledger.expire_lots(account.pk, actor=OLGA)


def test_what_is_left_of_a_grant_expires(account: Account, later) -> None:
    given(account, 100)
    lent(account, 50)
    held(account, 20)
    settled(20)
    assert expired(account) == 0
    later(2)
    assert expired(account) == 30
    assert expired(account) == 0
    assert figures(account) == (100, 0, 20, 150, 30)


def test_the_grant_that_expires_soonest_is_spent_first(account: Account, later) -> None:
    lent(account, 50, days=9)
    lent(account, 50, days=1)
    ledger.debit(account.pk, 60, actor=OLGA, note="correction")
    assert list(CreditLot.objects.values_list("remaining_micro_usd", flat=True)) == [0, 40]
    later(2)
    assert expired(account) == 0
    later(10)
    assert expired(account) == 40


def test_money_on_hold_does_not_expire_and_what_comes_back_does(account: Account, later) -> None:
    lent(account, 50)
    given(account, 50)
    held(account, 40)
    later(2)
    assert expired(account) == 10
    settled(15)
    assert expired(account) == 25
    assert figures(account) == (50, 0, 15, 100, 35)


def test_expired_credit_pays_for_no_new_run_even_before_the_sweep(account: Account, later) -> None:
    lent(account, 50)
    later(2)
    with pytest.raises(Exception, match="balance_micro_usd=0"):
        held(account, 1)


def test_a_grant_that_fills_a_hole_is_spent_by_it(account: Account, later) -> None:
    held(account, 80, enforce=False)
    settled(80)
    lent(account, 100)
    later(2)
    assert expired(account) == 20
    assert figures(account)[0] == 0


def test_a_grant_cannot_have_expired_before_it_is_given(account: Account) -> None:
    with pytest.raises(BadExpiry):
        lent(account, 5, days=-1)
