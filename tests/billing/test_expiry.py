"""What ends by time, and only that, however many sweep."""

import logging
from datetime import timedelta

import pytest
from django.conf import settings

from billing import tasks
from billing.models import Account, CreditLot, Entry, Hold
from billing.services import checks, expiry, ledger
from billing.services.ledger import Grant
from hivemind.celery import app
from hivemind.kit import clock
from tests.billing.conftest import OLGA
from tests.billing.full_books import BOB, CAROL, LATER, STANDING, filled, hold, run
from tests.billing.racing import race

NEW = "fe" * 6


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two hours from now, when whatever the books hold is over."""
    moment = clock.now() + 2 * LATER
    monkeypatch.setattr(clock, "now", lambda: moment)


def lend(tenant_id: str, amount: int) -> None:
    ledger.grant(tenant_id, Grant(amount, expires_at=clock.now() + LATER), actor=OLGA)


def test_before_its_time_nothing_ends(db: None) -> None:
    filled()
    assert expiry.sweep() == 0
    assert Hold.objects.get(pk=STANDING).resolved_at is None


def test_a_hold_that_nobody_resolved_comes_back_whole_and_says_why(db: None, request: pytest.FixtureRequest) -> None:
    before = filled().bob.balance_micro_usd
    request.getfixturevalue("later")
    assert expiry.sweep() == 1
    over = Hold.objects.get(pk=STANDING)
    assert (over.resolution, over.cost_micro_usd) == ("expired", 0)
    release = Entry.objects.get(run_id=STANDING, kind="release")
    assert (release.actor, release.details["resolution"]) == ("system:expiry", "expired")
    assert Account.objects.get(pk=BOB).balance_micro_usd == before + 60
    assert expiry.sweep() == 0
    assert checks.check() == []


def test_lent_money_that_comes_back_from_an_expired_hold_expires_with_it(
    db: None, request: pytest.FixtureRequest
) -> None:
    filled()
    lend(CAROL, 50)
    hold(CAROL, 55, NEW)
    request.getfixturevalue("later")
    tasks.expire()
    assert Account.objects.get(pk=CAROL).balance_micro_usd == 5
    assert not CreditLot.objects.filter(account_id=CAROL, remaining_micro_usd__gt=0).exists()


def test_what_one_account_refuses_keeps_nobody_waiting(
    db: None, request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    filled()
    hold(CAROL, 5, NEW)
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run(f"ALTER TABLE billing_entry ADD CONSTRAINT broken CHECK (run_id <> '{STANDING}' OR kind <> 'release')")
    run("SET CONSTRAINTS ALL DEFERRED")
    request.getfixturevalue("later")
    with caplog.at_level(logging.ERROR):
        assert expiry.sweep() == 1
    assert [record.run_id for record in caplog.records] == [STANDING]
    assert Hold.objects.get(pk=NEW).resolution == "expired"


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_end_everything_once(request: pytest.FixtureRequest) -> None:
    filled()
    lend(CAROL, 50)
    for n in range(20):
        hold(BOB, 10, f"{n:012x}")
    request.getfixturevalue("later")
    outcomes = race(*[expiry.sweep] * 4)
    assert sum(outcomes) == 21 + 1
    assert Entry.objects.filter(kind="expiry").count() == 1
    assert not Hold.objects.filter(resolved_at=None).exists()
    assert checks.check() == []


def test_the_beat_calls_tasks_that_exist() -> None:
    app.autodiscover_tasks(force=True)
    asked = {entry["task"]: entry["options"]["expires"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert asked.keys() <= app.tasks.keys()
    assert asked["billing.tasks.expire"] <= timedelta(minutes=5).total_seconds()
    assert "billing.tasks.check_books" in asked
