"""Runs and their holds, compared with every check of the books."""

from collections.abc import Iterator

import pytest

from billing.services import checks
from hivemind.kit.handoff import WorkerIdentity
from runner.enums import FailureCode
from runner.models import Run
from runner.services import charging_check, finish
from tests.factories import paid_runs
from tests.factories import tenants as cast
from tests.factories.paid_runs import OLGA, ask, claimed, used
from tests.factories.tenants import Person


@pytest.fixture
def ended(alice: Person, bob: Person, worker: WorkerIdentity) -> Iterator[Run]:
    """A run that was paid for; another of Bob's still runs."""
    paid_runs.ten_dollars(bob)
    with paid_runs.priced_model():
        room = paid_runs.room_with_models(alice)
        claimed(ask(room, bob.api_key), worker)
        run = claimed(ask(room, bob.api_key), worker)
        finish.end(run, finish.failed(FailureCode.QUERY_AGENT, facts=used(query=(1_000, 2_000))), room_key=None)
        yield Run.objects.get(pk=run.pk)


def details() -> list[str]:
    return [problem.detail for problem in checks.check() if problem.rule == charging_check.RULE]


def test_runs_that_were_paid_for_agree_with_their_holds(ended: Run) -> None:
    assert checks.check() == []


def test_runs_that_are_gone_leave_no_problem(ended: Run) -> None:
    cast.delete(Person(ended.tenant, ""), actor=OLGA)
    assert not Run.objects.exists()
    assert checks.check() == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"billing_cost_micro_usd": 4_249}, "cost 4249, settled; books: hold 2000000, cost 4250"),
        ({"billing_hold_micro_usd": 2_000_001}, "run: hold 2000001"),
        ({"payer_tenant_id": "t_other"}, "paid by t_other, held on"),
    ],
)
def test_a_run_that_tells_another_story_is_found(ended: Run, change: dict[str, object], told: str) -> None:
    Run.objects.filter(pk=ended.pk).update(**change)
    (found,) = details()
    assert told in found


def test_a_run_that_ended_while_its_hold_stands_is_found(ended: Run) -> None:
    running = Run.objects.exclude(pk=ended.pk).get()
    Run.objects.filter(pk=running.pk).update(
        status="failed", ended_at=ended.ended_at, handoff={}, billing_status="settled"
    )
    assert details() == ["ended, and its hold stands"]


def test_a_run_that_should_have_a_hold_and_has_none_is_found(ended: Run) -> None:
    copy = Run.objects.get(pk=ended.pk)
    copy.pk = "c0" * 6
    copy.save(force_insert=True)
    assert details() == ["2000000 to be held, and no hold"]
