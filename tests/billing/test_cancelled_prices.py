"""A scheduled price can be cancelled while nobody can have been quoted it, and not a moment later."""

import time
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from billing.errors import BadPrice, PriceBegun, PriceNotFound
from billing.models import Price
from billing.money import TokenPrice
from billing.selectors import prices as selectors
from billing.services import prices
from billing.services.prices import NOTICE, NewPrice
from hivemind.kit import clock
from hivemind.kit.models import AuditEvent
from hivemind.models import Change
from tests.billing.conftest import OLGA
from tests.billing.racing import race

HOUR = timedelta(hours=1)
REALLY = pytest.mark.django_db(transaction=True)


def scheduled(after: timedelta, *, model: str = "m") -> Price:
    wanted = NewPrice("p", model, 3, 4, effective_from=clock.now() + after)
    return prices.set_price(wanted, actor=OLGA)


def cancel(row: Price) -> None:
    prices.cancel(row.provider, row.model, effective_from=row.effective_from, actor=OLGA)


def kept(row: Price) -> bool:
    return Price.objects.filter(pk=row.pk).exists()


@pytest.mark.django_db
def test_the_price_of_before_stays() -> None:
    prices.set_price(NewPrice("p", "m", 1, 2), actor=OLGA)
    rows = [scheduled(HOUR), scheduled(2 * HOUR)]
    prices.cancel(" P", "m ", effective_from=rows[0].effective_from, actor=OLGA)
    at = [clock.now() + hours * HOUR for hours in (1.5, 2.5)]
    assert selectors.in_force("p", models=("m",), at=at[0]) == {"m": TokenPrice(1, 2)}
    assert selectors.in_force("p", models=("m",), at=at[1]) == {"m": TokenPrice(3, 4)}


@pytest.mark.django_db
def test_the_trail_and_the_history_keep_it() -> None:
    row = scheduled(HOUR)
    cancel(row)
    event = AuditEvent.objects.get(action="price.cancelled")
    told = {"prompt_micro_usd_per_mtok": 3, "completion_micro_usd_per_mtok": 4}
    assert (event.subject, event.actor) == ("p/m", OLGA.name)
    assert told.items() <= event.details.items()
    assert event.details["effective_from"] == row.effective_from.isoformat()
    gone = Change.objects.get(kind="price", act="delete")
    assert gone.after["prompt_micro_usd_per_mtok"] == 3


@pytest.mark.django_db
def test_another_one_may_take_its_moment() -> None:
    row = scheduled(HOUR)
    cancel(row)
    prices.set_price(NewPrice("p", "m", 5, 6, effective_from=row.effective_from), actor=OLGA)
    assert selectors.in_force("p", models=("m",), at=row.effective_from) == {"m": TokenPrice(5, 6)}


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", [2, 5, 9])
def test_what_begins_too_soon_stays(seconds: int) -> None:
    row = scheduled(timedelta(seconds=seconds))
    with pytest.raises(PriceBegun):
        cancel(row)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()
    assert Price.objects.filter(provider="p", model="m").exists()
    assert not AuditEvent.objects.filter(action="price.cancelled").exists()


@pytest.mark.django_db
def test_a_withdrawal_is_not_cancelled() -> None:
    prices.set_price(NewPrice("p", "m", 1, 2), actor=OLGA)
    row = prices.withdraw("p", "m", actor=OLGA)
    with pytest.raises(PriceBegun):
        cancel(row)
    assert selectors.in_force("p", models=("m",)) == {}


@pytest.mark.django_db
def test_only_the_price_that_is_named_goes() -> None:
    row, other = scheduled(HOUR), scheduled(HOUR, model="M")
    with pytest.raises(PriceNotFound):
        prices.cancel("p", "m", effective_from=row.effective_from + timedelta(microseconds=1), actor=OLGA)
    with pytest.raises(PriceNotFound):
        prices.cancel("q", "m", effective_from=row.effective_from, actor=OLGA)
    with pytest.raises(BadPrice):
        prices.cancel("p", " ", effective_from=row.effective_from, actor=OLGA)
    cancel(row)
    assert kept(other) and not kept(row)


@pytest.mark.django_db
def test_the_database_does_not_believe_the_clock_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    row = scheduled(timedelta(seconds=5))
    monkeypatch.setattr(clock, "now", lambda: row.effective_from - HOUR)
    with pytest.raises(PriceBegun):
        cancel(row)
    assert kept(row)


@REALLY
def test_of_two_who_cancel_at_once_one_does() -> None:
    row = scheduled(HOUR)
    outcomes = race(lambda: cancel(row), lambda: cancel(row), lambda: cancel(row))
    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, PriceNotFound) for outcome in outcomes) == 2
    assert AuditEvent.objects.filter(action="price.cancelled").count() == 1


@REALLY
def test_who_cancels_in_time_and_commits_too_late_changes_nothing() -> None:
    """Otherwise others would read the price until the commit, be quoted it, and it would be gone then."""
    row = scheduled(NOTICE + timedelta(seconds=2))
    with pytest.raises(IntegrityError, match="may have been quoted"), transaction.atomic():
        cancel(row)
        time.sleep((row.effective_from - NOTICE - clock.now()).total_seconds() + 0.1)
    assert kept(row)
    assert not AuditEvent.objects.filter(action="price.cancelled").exists()
    assert selectors.in_force("p", models=("m",), at=row.effective_from) == {"m": TokenPrice(3, 4)}


@REALLY
def test_at_the_edge_a_price_is_either_cancelled_or_kept() -> None:
    rows = [scheduled(NOTICE + timedelta(milliseconds=30 * number), model=f"m{number}") for number in range(1, 9)]
    outcomes = race(*(lambda row=row: cancel(row) for row in rows))  # type: ignore[misc]
    for row, outcome in zip(rows, outcomes, strict=True):
        assert kept(row) is isinstance(outcome, PriceBegun), outcome
        assert outcome is None or isinstance(outcome, PriceBegun)
    noted = AuditEvent.objects.filter(action="price.cancelled").count()
    assert noted == outcomes.count(None)
