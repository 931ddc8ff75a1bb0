"""How runs end: together or not at all, once, with a receipt that verifies, and always."""

import json
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from agents.enums import AgentType
from attestation.digests import text_hash
from attestation.errors import VerificationError
from attestation.server import signer
from attestation.server.errors import SignerUnusable
from attestation.verifier import RunExpectation, verify_run
from hivemind.kit import clock
from hivemind.kit.audit import Actor
from hivemind.kit.handoff import WorkerIdentity
from hivemind.kit.models import WorkerKey
from hivemind.kit.states import StaleState
from rooms.services import opening, rooms
from runner.enums import FailureCode, RunStatus
from runner.models import Run
from runner.services import finish, reconcile, runs
from runner.services.finish import Facts
from tenants.services import tenants
from tests.factories import rooms as room_factory
from tests.factories import runs as factory
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person


@pytest.fixture
def running(room: MadeRoom, worker: WorkerIdentity) -> Run:
    """A run that the worker has claimed."""
    run = factory.ask(room.owner.owner, room)
    Run.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING, fence=1, worker_id=worker.worker_id)
    return Run.objects.get(pk=run.pk)


def key_of(room: MadeRoom) -> bytes:
    return opening.open_room_key(room.owner.owner, room.row)


def expectation(run: Run, **changed: object) -> RunExpectation:
    values: dict[str, object] = {
        "signer_pubkey_b64": signer.run_signer().key.public_b64,
        "run_id": run.id,
        "room_id": run.room_id,
        "room_manifest_hash": run.room_manifest_hash,
        "status": "completed",
        "prompt_hash": text_hash(factory.QUESTION),
        "output": "42",
        "error": None,
        "compose_hash": None,
        "client_nonce": None,
        "agents": None,
    }
    return RunExpectation(**(values | changed))  # type: ignore[arg-type]


def test_a_completed_run_carries_a_record_that_verifies(running: Run, room: MadeRoom) -> None:
    finish.end(running, finish.completed("42", Facts(vault_items=2)), room_key=key_of(room))
    run = Run.objects.get(pk=running.pk)
    assert (run.status, run.handoff, bool(run.prompt_sealed)) == ("completed", {}, True)
    body = verify_run(json.loads(run.receipt), expect=expectation(run)).body
    assert body["room_vault_item_count"] == 2
    assert body["signer_kind"] == "development"
    assert {agent["role"] for agent in body["agents"]} == {"scope", "query", "mediator"}
    with pytest.raises(VerificationError):
        verify_run(json.loads(run.receipt), expect=expectation(run, output="43"))


def test_the_prompt_of_a_sealed_room_is_erased_when_the_run_ends(alice: Person, worker: WorkerIdentity) -> None:
    room = factory.room_with_agents(alice, query_agent_id=room_factory.agent(alice, AgentType.QUERY, sealed=True).pk)
    run = factory.ask(room.owner.owner, room)
    assert Run.objects.get(pk=run.pk).prompt_sealed
    finish.end_unclaimed(run.pk)
    assert bytes(Run.objects.get(pk=run.pk).prompt_sealed) == b""


def test_a_failed_run_is_signed_too_and_says_nothing_of_the_agents_words(running: Run) -> None:
    finish.end(
        running,
        finish.failed(FailureCode.QUERY_AGENT, sentence="Query agent failed: it exited with status 3"),
        room_key=None,
    )
    run = Run.objects.get(pk=running.pk)
    record = json.loads(run.receipt)
    verify_run(record, expect=expectation(run, status="failed", output="", error=run.error))
    assert [s.status for s in run.stages.all()] == ["skipped", "skipped", "skipped"]


def test_a_run_ends_once(running: Run, room: MadeRoom) -> None:
    finish.end(running, finish.failed(FailureCode.DEADLINE), room_key=None)
    with pytest.raises(StaleState):
        finish.end(running, finish.completed("late", Facts()), room_key=key_of(room))
    assert Run.objects.get(pk=running.pk).status == "failed"


def test_a_worker_with_an_old_fence_writes_nothing(running: Run, room: MadeRoom) -> None:
    Run.objects.filter(pk=running.pk).update(fence=2)
    with pytest.raises(StaleState):
        finish.end(running, finish.completed("stale", Facts()), room_key=key_of(room))
    assert Run.objects.get(pk=running.pk).status == "running"


@pytest.mark.parametrize(
    "change",
    [
        {"status": "completed"},
        {"ended_at": clock.now()},
        {"status": "failed", "ended_at": clock.now()},
        {"status": "completed", "ended_at": clock.now(), "handoff": {}},
        {"status": "asleep"},
    ],
)
def test_the_database_refuses_half_an_ending(running: Run, change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.filter(pk=running.pk).update(**change)


def test_a_run_whose_worker_died_is_ended_by_the_sweep(running: Run) -> None:
    WorkerKey.objects.all().delete()
    reconcile._end_orphans(Run.objects.filter(status="running"), set())
    run = Run.objects.get(pk=running.pk)
    assert (run.status, run.failure_code, run.handoff) == ("failed", "worker_lost", {})
    assert run.receipt


def test_a_run_past_its_deadline_is_ended_by_the_sweep(running: Run, worker: WorkerIdentity) -> None:
    Run.objects.update(deadline_at=clock.now() - timedelta(seconds=1))
    reconcile._end_orphans(Run.objects.filter(status="running"), {worker.worker_id})
    assert Run.objects.get(pk=running.pk).failure_code == "deadline_passed"


def test_a_living_run_is_left_alone(running: Run, worker: WorkerIdentity) -> None:
    reconcile._end_orphans(Run.objects.filter(status="running"), {worker.worker_id})
    assert Run.objects.get(pk=running.pk).status == "running"


def test_a_waiting_run_whose_workers_are_gone_is_ended_by_the_sweep(room: MadeRoom, worker: WorkerIdentity) -> None:
    run = factory.ask(room.owner.owner, room)
    worker.retire()
    factory.living_worker()
    reconcile._sweep_waiting({"somebody else"})
    assert Run.objects.get(pk=run.pk).failure_code == "worker_lost"


def test_cancelling_a_waiting_run_ends_it_at_once(room: MadeRoom, worker: WorkerIdentity) -> None:
    run = factory.ask(room.owner.owner, room)
    runs.cancel(run, principal=room.owner.owner)
    assert Run.objects.get(pk=run.pk).status == "cancelled"


def test_revoking_the_room_stops_its_runs(
    room: MadeRoom, worker: WorkerIdentity, bob: Person, django_capture_on_commit_callbacks
) -> None:
    waiting = factory.ask(room.guest, room, payer=bob)
    going = factory.ask(room.owner.owner, room)
    Run.objects.filter(pk=going.pk).update(status="running", fence=1, worker_id=worker.worker_id)
    with django_capture_on_commit_callbacks(execute=True):
        rooms.revoke(room.owner.owner, room.room_id)
    assert Run.objects.get(pk=waiting.pk).status == "cancelled"
    assert Run.objects.get(pk=going.pk).cancel_requested_at is not None


def test_suspending_a_tenant_stops_what_runs_in_its_rooms_and_at_its_cost(
    room: MadeRoom, worker: WorkerIdentity, bob: Person, carol: Person, django_capture_on_commit_callbacks
) -> None:
    paid_by_bob = factory.ask(room.guest, room, payer=bob)
    paid_by_carol = factory.ask(room.guest, room, payer=carol)
    with django_capture_on_commit_callbacks(execute=True):
        tenants.suspend(bob.tenant.pk, actor=Actor.operator("olga"))
    assert Run.objects.get(pk=paid_by_bob.pk).status == "cancelled"
    assert Run.objects.get(pk=paid_by_carol.pk).status == "pending"
    with django_capture_on_commit_callbacks(execute=True):
        tenants.suspend(room.owner.tenant.pk, actor=Actor.operator("olga"))
    assert Run.objects.get(pk=paid_by_carol.pk).status == "cancelled"


def test_a_damaged_row_can_still_be_ended(running: Run) -> None:
    Run.objects.filter(pk=running.pk).update(prompt_sha256="")
    finish.end(Run.objects.get(pk=running.pk), finish.failed(FailureCode.DEADLINE), room_key=None)
    assert (Run.objects.get(pk=running.pk).status, Run.objects.get(pk=running.pk).receipt) == ("failed", "")


def test_a_run_that_cannot_be_signed_now_holds_up_no_other(
    running: Run, room: MadeRoom, worker: WorkerIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    Run.objects.filter(pk=running.pk).update(worker_id="a worker that is gone")
    waiting = factory.ask(room.owner.owner, room)
    Run.objects.filter(pk=waiting.pk).update(cancel_requested_at=clock.now())

    def unusable() -> signer.Signer:
        raise SignerUnusable

    with monkeypatch.context() as patched:
        patched.setattr(signer, "run_signer", unusable)
        reconcile.sweep()
    assert set(Run.objects.filter(ended_at=None).values_list("pk", flat=True)) == {running.pk, waiting.pk}
    reconcile.sweep()
    assert not Run.objects.filter(ended_at=None).exists()
