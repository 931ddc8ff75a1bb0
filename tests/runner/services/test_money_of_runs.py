"""Runs and the books: held with the ask, settled with the end, whatever the end is."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connections

from billing.errors import BadPayer, InsufficientCredit, PriceMissing, SpendLimitReached, SpendTokenElsewhere
from billing.models import Account, Entry, Hold
from billing.services import ledger, prices, spend_tokens
from billing.services.ledger import Grant
from billing.services.prices import NewPrice
from billing.services.spend_tokens import NewSpendToken
from hivemind.kit import clock
from hivemind.kit.conf import override
from hivemind.kit.handoff import WorkerIdentity
from rooms.services import opening
from runner.enums import FailureCode
from runner.errors import MaxCostExceeded
from runner.models import Run, Stage
from runner.services import finish, quotes, reconcile, runs
from runner.services.requests import RunRequest
from tests.factories import paid_runs
from tests.factories import runs as factory
from tests.factories import tenants as cast
from tests.factories.paid_runs import MODEL, OLGA, ask, claimed, used
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person


@pytest.fixture(autouse=True)
def models(db: None) -> Iterator[None]:
    with paid_runs.priced_model():
        yield


@pytest.fixture
def room(alice: Person) -> MadeRoom:
    return paid_runs.room_with_models(alice)


@pytest.fixture
def rich(bob: Person) -> Person:
    return paid_runs.ten_dollars(bob)


def account(person: Person) -> Account:
    return Account.objects.get(pk=person.tenant.pk)


def money(run: Run) -> tuple[str, int, int]:
    run.refresh_from_db()
    return run.billing_status, run.billing_hold_micro_usd, run.billing_cost_micro_usd


def test_an_ask_is_held_and_its_end_charged(room: MadeRoom, rich: Person, worker: WorkerIdentity) -> None:
    run = claimed(ask(room, rich.api_key), worker)
    assert money(run) == ("held", 2_000_000, 0)
    assert (account(rich).balance_micro_usd, account(rich).held_micro_usd) == (8_000_000, 2_000_000)
    key = opening.open_room_key(room.owner.owner, room.row)
    finish.end(run, finish.completed("42", used(query=(1_000, 2_000))), room_key=key)
    assert money(run) == ("settled", 2_000_000, 4_250)
    assert run.billing_settled_at is not None
    assert (account(rich).balance_micro_usd, account(rich).held_micro_usd) == (9_995_750, 0)
    kinds = list(Entry.objects.filter(run_id=run.pk).order_by("position").values_list("kind", flat=True))
    assert kinds == ["hold", "release", "charge"]
    hold = Entry.objects.get(run_id=run.pk, kind="hold")
    assert hold.details == {
        "payer_token_id": rich.owner.token_id,
        "provider": "openrouter",
        "models": [MODEL],
        "max_tokens": 1_000_000,
        "billable_role": "query",
    }


def test_a_failed_run_pays_for_what_it_used(room: MadeRoom, rich: Person, worker: WorkerIdentity) -> None:
    run = claimed(ask(room, rich.api_key), worker)
    finish.end(run, finish.failed(FailureCode.QUERY_AGENT, facts=used(scope=(1_000, 2_000))), room_key=None)
    assert money(run) == ("settled", 2_000_000, 4_250)


def test_a_run_whose_worker_died_pays_for_the_stages_that_were_written_down(
    room: MadeRoom, rich: Person, worker: WorkerIdentity
) -> None:
    run = claimed(ask(room, rich.api_key), worker)
    Stage.objects.filter(run=run, name="scope").update(usage={"prompt_tokens": 1_000, "completion_tokens": 2_000})
    Run.objects.filter(pk=run.pk).update(worker_id="nobody")
    reconcile.sweep()
    assert money(run) == ("settled", 2_000_000, 4_250)


def test_a_cancelled_run_that_waited_costs_nothing(room: MadeRoom, rich: Person, worker: WorkerIdentity) -> None:
    run = ask(room, rich.api_key)
    runs.cancel(run, principal=room.guest)
    assert money(run) == ("settled", 2_000_000, 0)
    assert account(rich).balance_micro_usd == 10_000_000


def test_a_run_keeps_the_price_that_it_was_quoted(room: MadeRoom, rich: Person, worker: WorkerIdentity) -> None:
    run = claimed(ask(room, rich.api_key), worker)
    prices.set_price(NewPrice("openrouter", MODEL, 10**9, 10**9), actor=OLGA)
    finish.end(run, finish.failed(FailureCode.QUERY_AGENT, facts=used(query=(1_000, 2_000))), room_key=None)
    assert money(run)[2] == 4_250


def test_a_run_that_used_more_than_its_budget_costs_its_hold(
    room: MadeRoom, rich: Person, worker: WorkerIdentity
) -> None:
    run = claimed(ask(room, rich.api_key), worker)
    finish.end(run, finish.failed(FailureCode.QUERY_AGENT, facts=used(query=(0, 1_000_001))), room_key=None)
    assert money(run)[2] == 2_000_000
    assert Entry.objects.get(kind="charge").details["capped_from_micro_usd"] == 2_000_002


def test_too_little_credit_stores_nothing(room: MadeRoom, bob: Person, worker: WorkerIdentity) -> None:
    ledger.grant(bob.tenant.pk, Grant(1_999_999), actor=OLGA)
    with pytest.raises(InsufficientCredit):
        ask(room, bob.api_key)
    assert (Run.objects.count(), Hold.objects.count(), account(bob).balance_micro_usd) == (0, 0, 1_999_999)
    ledger.grant(bob.tenant.pk, Grant(1), actor=OLGA)
    ask(room, bob.api_key)
    assert account(bob).balance_micro_usd == 0


def test_a_model_without_a_price_is_refused_only_under_enforcement(
    room: MadeRoom, rich: Person, worker: WorkerIdentity
) -> None:
    with pytest.raises(PriceMissing, match="openrouter/other"):
        ask(room, rich.api_key, model="other")
    with override("billing", enforce_credits=False):
        run = claimed(ask(room, rich.api_key, model="other"), worker)
        assert money(run) == ("pricing_missing", 0, 0)
    finish.end(run, finish.failed(FailureCode.QUERY_AGENT, facts=used(query=(1_000, 2_000))), room_key=None)
    assert money(run) == ("pricing_missing", 0, 0)
    assert Entry.objects.filter(run_id=run.pk).count() == 0


def test_without_enforcement_the_hold_is_taken_all_the_same(
    room: MadeRoom, bob: Person, worker: WorkerIdentity
) -> None:
    with override("billing", enforce_credits=False):
        run = ask(room, bob.api_key)
    assert account(bob).balance_micro_usd == -2_000_000
    runs.cancel(run, principal=room.guest)
    assert account(bob).balance_micro_usd == 0


def test_a_room_without_models_is_free(alice: Person, bob: Person, worker: WorkerIdentity) -> None:
    run = ask(factory.room_with_agents(alice), bob.api_key)
    assert money(run) == ("not_billable", 0, 0)
    runs.cancel(run, principal=alice.owner)
    assert money(run) == ("settled", 0, 0)
    assert not Hold.objects.exists()


def test_the_asker_may_bound_the_cost(room: MadeRoom, rich: Person, worker: WorkerIdentity) -> None:
    with pytest.raises(MaxCostExceeded, match=r"up to 2\.000000"):
        ask(room, rich.api_key, max_cost_micro_usd=1_999_999)
    assert money(ask(room, rich.api_key, max_cost_micro_usd=2_000_000))[1] == 2_000_000


def test_a_quote_is_what_will_be_held_and_stores_nothing(room: MadeRoom, rich: Person, worker: WorkerIdentity) -> None:
    quote = quotes.for_ask(room.guest, room.room_id, RunRequest(query="", max_tokens=1_000_000))
    assert (quote.max_cost_micro_usd, quote.missing, [s.name for s in quote.stages]) == (
        2_000_000,
        (),
        ["scope", "query", "mediator"],
    )
    assert quote.stages[0].max_tokens == 500_000
    assert not Run.objects.exists()
    assert ask(room, rich.api_key).billing_hold_micro_usd == quote.max_cost_micro_usd


def test_a_replay_holds_nothing_more(room: MadeRoom, rich: Person, worker: WorkerIdentity) -> None:
    assert ask(room, rich.api_key, key="ab" * 8).pk == ask(room, rich.api_key, key="ab" * 8).pk
    assert account(rich).balance_micro_usd == 8_000_000


def test_a_spend_token_pays_within_its_limit_in_its_place(room: MadeRoom, rich: Person, worker: WorkerIdentity) -> None:
    wanted = NewSpendToken(limit_micro_usd=3_000_000, room_id=room.room_id, service="https://hive.example")
    minted = spend_tokens.mint(wanted, owner=rich.owner)
    run = claimed(ask(room, minted.text), worker)
    assert (run.payer_tenant_id, run.payer_token_id) == (rich.tenant.pk, minted.token.token_id)
    with pytest.raises(SpendLimitReached):
        ask(room, minted.text)
    finish.end(run, finish.failed(FailureCode.QUERY_AGENT, facts=used(query=(1_000, 2_000))), room_key=None)
    minted.token.refresh_from_db()
    assert minted.token.committed_micro_usd == 4_250
    ask(room, minted.text)
    spend_tokens.revoke(minted.token.token_id, tenant_id=rich.tenant.pk, actor=OLGA)
    with pytest.raises(BadPayer):
        ask(room, minted.text, max_tokens=1)


@pytest.mark.parametrize("place", [{"room_id": "room_" + "0" * 12}, {"service": "https://other.example"}])
def test_a_spend_token_pays_nowhere_else(
    room: MadeRoom, rich: Person, worker: WorkerIdentity, place: dict[str, str]
) -> None:
    minted = spend_tokens.mint(NewSpendToken(limit_micro_usd=3_000_000, **place), owner=rich.owner)
    with pytest.raises(SpendTokenElsewhere):
        ask(room, minted.text)
    assert not Hold.objects.exists()


def test_a_spend_token_opens_nothing(room: MadeRoom, rich: Person) -> None:
    minted = spend_tokens.mint(NewSpendToken(limit_micro_usd=1), owner=rich.owner)
    for method, path in [("get", "whoami"), ("get", "health"), ("get", "rooms"), ("post", "tenant/rotate-key")]:
        assert getattr(cast.client(minted.text), method)(f"/v1/{path}").status_code == 401


def test_who_pays_for_a_room_that_goes_gets_the_hold_back_and_the_books_stay(
    room: MadeRoom, rich: Person, worker: WorkerIdentity
) -> None:
    run = claimed(ask(room, rich.api_key), worker)
    Stage.objects.filter(run=run, name="scope").update(usage={"prompt_tokens": 1_000, "completion_tokens": 2_000})
    cast.delete(room.owner, actor=OLGA)
    assert not Run.objects.exists()
    assert (account(rich).balance_micro_usd, account(rich).held_micro_usd) == (9_995_750, 0)
    closed = Account.objects.get(pk=room.owner.tenant.pk)
    assert (closed.name, closed.closed_at is None) == ("alice", False)


def test_a_payer_that_goes_leaves_its_books(room: MadeRoom, rich: Person, worker: WorkerIdentity) -> None:
    run = claimed(ask(room, rich.api_key), worker)
    cast.delete(rich, actor=OLGA)
    finish.end(run, finish.failed(FailureCode.CANCELLED, facts=used(scope=(1_000, 2_000))), room_key=None)
    assert money(run) == ("settled", 2_000_000, 4_250)
    assert Entry.objects.filter(account_id=rich.tenant.pk).count() == 4


def test_a_hold_that_was_resolved_elsewhere_leaves_the_run_ended_and_uncharged(
    room: MadeRoom, rich: Person, worker: WorkerIdentity
) -> None:
    run = claimed(ask(room, rich.api_key), worker)
    ledger.void(run.pk, actor=OLGA, reason="too late")
    finish.end(run, finish.failed(FailureCode.QUERY_AGENT, facts=used(query=(1_000, 2_000))), room_key=None)
    assert money(run) == ("billing_error", 2_000_000, 0)
    assert account(rich).balance_micro_usd == 10_000_000


def test_a_hold_outlives_its_run_by_an_hour(room: MadeRoom, rich: Person, worker: WorkerIdentity) -> None:
    run = ask(room, rich.api_key)
    assert Hold.objects.get(pk=run.pk).expires_at - run.deadline_at == timedelta(hours=1)
    assert run.deadline_at > clock.now()


@pytest.mark.django_db(transaction=True)
def test_racing_asks_never_hold_more_than_there_is(rich: Person) -> None:
    room = factory.room_with_agents(cast.with_database(cast.alice()), llm_providers=("openrouter",))
    factory.living_worker()
    start, won, lost = threading.Barrier(12), [], []

    def race() -> None:
        try:
            start.wait()
            won.append(ask(room, rich.api_key).pk)
        except InsufficientCredit:
            lost.append(1)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (5, 7)
    assert account(rich).balance_micro_usd == 0
    assert Run.objects.count() == 5
