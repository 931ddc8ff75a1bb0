"""Killed between any two statements, an act on money has happened whole or not at all, and can be done again."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction

from billing.errors import HoldResolved
from billing.models import CreditLot, Hold
from billing.selectors import accounts
from billing.services import book_rules, checks, credit_codes, expiry, ledger
from billing.services.credit_codes import NewCode
from billing.services.ledger import Grant, HoldRequest
from hivemind.kit import audit, clock
from runner.enums import FailureCode, RunStatus
from runner.models import Run
from runner.services import finish, runs
from runner.services.requests import RunRequest
from tests.billing import killing
from tests.billing.conftest import OLGA
from tests.billing.full_books import BOB, CAROL, STANDING, Books, filled
from tests.factories import paid_runs
from tests.factories import runs as factory
from tests.factories import tenants as cast
from tests.factories.paid_runs import used

pytestmark = pytest.mark.django_db(transaction=True)
WAYS = {"process": killing.processes, "connection": killing.connections_of}
NEW = "fe" * 6


def ask(books: Books) -> None:
    """What asking does: a record of the run and its hold, together."""
    with transaction.atomic():
        audit.record(OLGA, "run.submit", NEW)
        until = clock.now() + timedelta(hours=1)
        ledger.hold(HoldRequest(NEW, BOB, 80, until, enforce=True, spend_token_id=books.token.pk), actor=OLGA)


def answer(books: Books) -> None:
    with transaction.atomic():
        audit.record(OLGA, "run.end", STANDING)
        ledger.settle(STANDING, cost_micro_usd=33, actor=OLGA, details={})


ACTS: dict[str, tuple[Callable[[Books], object], int]] = {
    "asking": (ask, -80),
    "answering": (answer, 60 - 33),
    "voiding": (lambda books: ledger.void(NEW, actor=OLGA, reason="never ran"), 80),
    "granting": (lambda books: ledger.grant(BOB, Grant(5), actor=OLGA), 5),
    "lending": (
        lambda books: ledger.grant(BOB, Grant(5, expires_at=clock.now() + timedelta(days=1)), actor=OLGA),
        5,
    ),
    "debiting": (lambda books: ledger.debit(BOB, 90, actor=OLGA, note="mistake"), -90),
    "refunding": (lambda books: ledger.refund(BOB, 9, actor=OLGA, note="bad answer"), 9),
}


def everything() -> dict[str, str]:
    """Every row of the books and of the trail, as a digest of each table."""
    tables = [f"billing_{table}" for table in book_rules.TABLES] + ["kit_auditevent", "runner_run", "runner_stage"]
    digests = " UNION ALL ".join(
        f"SELECT '{table}', md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"
        for table in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(digests)
        return dict(cursor.fetchall())


def balance(tenant_id: str = BOB) -> int:
    return accounts.get(tenant_id).balance_micro_usd


def survives(act: Callable[[], object], way: str) -> int:
    """Kill the act before each statement: nothing of it is there. Then let it be done; how often it was killed."""
    before, kills = everything(), 0
    for kills in WAYS[way](act):
        assert everything() == before, f"a part of it remained, killed before statement {kills}"
    assert everything() != before
    assert checks.check() == []
    return kills


@pytest.mark.parametrize("way", WAYS)
def test_an_act_happens_whole_or_not_at_all(way: str) -> None:
    books = filled()
    for name, (act, change) in ACTS.items():
        before = balance()
        assert survives(lambda act=act: act(books), way) >= 3, name
        assert balance() == before + change, name


@pytest.mark.parametrize("way", WAYS)
def test_who_could_not_tell_that_it_had_settled_is_told_and_moves_nothing(way: str) -> None:
    books = filled()
    for _ in WAYS[way](lambda: answer(books)):
        pass
    before = everything()
    with pytest.raises(HoldResolved):
        answer(books)
    assert everything() == before


@pytest.mark.parametrize("way", WAYS)
def test_a_redemption_happens_whole_or_not_at_all(way: str) -> None:
    filled()
    code = credit_codes.mint(NewCode(50, 1), actor=OLGA)
    before = balance(CAROL)
    assert survives(lambda: credit_codes.redeem(code.text, tenant_id=CAROL, actor=OLGA), way) >= 5
    assert balance(CAROL) == before + 50


@pytest.mark.parametrize("way", WAYS)
def test_a_sweep_may_stop_anywhere_and_goes_on_where_it_stopped(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    filled()
    ledger.grant(BOB, Grant(30, expires_at=clock.now() + timedelta(hours=2)), actor=OLGA)
    before = balance()
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    for kills in WAYS[way](expiry.sweep):
        assert checks.check() == []
        assert kills < 200
    left = CreditLot.objects.filter(remaining_micro_usd__gt=0)
    assert (Hold.objects.filter(resolved_at=None).count(), left.count()) == (0, 0)
    assert balance() == before + 60 - 30
    assert expiry.sweep() == 0


@pytest.fixture
def models() -> Iterator[None]:
    with paid_runs.priced_model():
        yield


@pytest.mark.parametrize("way", WAYS)
def test_a_run_and_its_money_are_asked_and_ended_together(way: str, models: None) -> None:
    alice = cast.with_database(cast.alice())
    room = paid_runs.room_with_models(alice)
    worker = factory.living_worker()
    paid_runs.ten_dollars(alice)
    wanted = runs.Ask(alice.owner, room.room_id, {}, "ab" * 8)
    question = RunRequest(query=factory.QUESTION, max_tokens=1_000_000)
    assert survives(lambda: runs.submit(wanted, question), way) > 8
    assert runs.submit(wanted, question).replayed
    Run.objects.update(status=RunStatus.RUNNING, fence=1, worker_id=worker.worker_id)
    run = Run.objects.get()
    ending = finish.failed(FailureCode.QUERY_AGENT, facts=used(query=(1_000, 2_000)))
    assert survives(lambda: finish.end(run, ending, room_key=None), way) > 8
    assert (Run.objects.get().billing_cost_micro_usd, balance(alice.tenant.pk)) == (4_250, 9_995_750)
