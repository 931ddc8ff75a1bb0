"""What a receipt says: what the books say, what ran when, and nothing that its readers may not know."""

import json
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from attestation.canonical import ROOM_V1
from attestation.digests import sha256_hex
from attestation.manifests.run_record import hidden_name
from attestation.server.models import EvidenceSnapshot
from attestation.server.services import evidence, snapshots
from billing.models import Entry
from billing.services import ledger
from billing.services.ledger import Grant
from hivemind.kit import clock
from hivemind.kit.handoff import WorkerIdentity
from rooms.selectors import rooms as selectors
from rooms.services import opening
from rooms.services.trust import TrustChange, update
from runner.enums import FailureCode
from runner.models import Artifact, RoomVersion, Run, Stage
from runner.services import finish, receipts, runs
from tests.factories import paid_runs
from tests.factories import runs as factory
from tests.factories.paid_runs import MODEL, OLGA, claimed, used
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
def running(room: MadeRoom, bob: Person, worker: WorkerIdentity) -> Run:
    """Bob's run, paid for, and claimed by the worker."""
    return claimed(factory.ask(room.guest, room, payer=paid_runs.ten_dollars(bob)), worker)


def body_of(run: Run) -> dict[str, Any]:
    return dict(json.loads(Run.objects.get(pk=run.pk).receipt)["body"])


def test_the_signed_cost_is_what_the_books_charged(running: Run, room: MadeRoom) -> None:
    key = opening.open_room_key(room.owner.owner, room.row)
    finish.end(running, finish.completed("42", used(query=(1_000, 2_000))), room_key=key)
    body = body_of(running)
    charged = Entry.objects.get(run_id=running.pk, kind="charge")
    assert (body["cost_micro_usd"], body["billing_status"]) == (4_250, "settled")
    assert charged.amount_micro_usd == -4_250
    assert body["hold_micro_usd"] == running.billing_hold_micro_usd
    query = next(stage for stage in body["stages"] if stage["name"] == "query")
    assert (
        query | {"started_at_ms": None, "ended_at_ms": None}
        == query
        == {
            "name": "query",
            "model": MODEL,
            "started_at_ms": None,
            "ended_at_ms": None,
            "prompt_tokens": 1_000,
            "completion_tokens": 2_000,
            "prompt_micro_usd_per_mtok": 250_000,
            "completion_micro_usd_per_mtok": 2_000_000,
        }
    )
    assert (body["receipt_version"], body["outcome"], body["provider"]) == (1, "completed", "openrouter")


def test_a_cost_above_the_hold_is_signed_as_charged(running: Run) -> None:
    ended = finish.failed(FailureCode.QUERY_AGENT, facts=used(query=(0, 1_000_000_000)))
    finish.end(running, ended, room_key=None)
    body = body_of(running)
    assert body["cost_micro_usd"] == body["hold_micro_usd"] == -Entry.objects.get(kind="charge").amount_micro_usd
    assert (body["status"], body["outcome"]) == ("failed", "query_agent_failed")


def test_a_hold_that_was_resolved_elsewhere_is_signed_as_such(running: Run) -> None:
    ledger.void(running.pk, actor=OLGA, reason="too late")
    finish.end(running, finish.failed(FailureCode.QUERY_AGENT, facts=used(query=(1_000, 2_000))), room_key=None)
    assert (body_of(running)["cost_micro_usd"], body_of(running)["billing_status"]) == (0, "billing_error")


def test_a_run_that_was_cancelled_while_it_waited_has_a_receipt(
    room: MadeRoom, bob: Person, worker: WorkerIdentity
) -> None:
    ledger.grant(bob.tenant.pk, Grant(10_000_000), actor=OLGA)
    run = factory.ask(room.guest, room, payer=bob)
    runs.cancel(run, principal=room.guest)
    body = body_of(run)
    assert (body["status"], body["outcome"], body["cost_micro_usd"]) == ("failed", "cancelled", 0)
    assert [stage["started_at_ms"] for stage in body["stages"]] == [None, None, None]


def test_nothing_of_a_run_is_signed_as_later_than_its_end(running: Run) -> None:
    ahead = clock.now() + timedelta(seconds=5)
    Stage.objects.filter(run=running, name="scope").update(status="executing", started_at=ahead)
    finish.end(running, finish.failed(FailureCode.WORKER_LOST), room_key=None)
    body = body_of(running)
    scope = body["stages"][0]
    assert scope["started_at_ms"] == scope["ended_at_ms"] == round(ahead.timestamp() * 1000) == body["ended_at_ms"]
    assert body["timestamp"] == body["ended_at_ms"] // 1000
    assert body["asked_at_ms"] <= body["ended_at_ms"]


@pytest.mark.parametrize(("visibility", "hidden"), [("querier_only", True), ("owner_and_querier", False)])
def test_names_of_files_are_hidden_from_an_owner_who_may_not_read_answers(
    alice: Person, bob: Person, worker: WorkerIdentity, visibility: str, hidden: bool
) -> None:
    ledger.grant(bob.tenant.pk, Grant(10_000_000), actor=OLGA)
    room = factory.room_with_agents(alice, output_visibility=visibility, allow_artifacts=True)
    run = claimed(factory.ask(room.guest, room, payer=bob), worker)
    for name in ("b.csv", "a.csv"):
        Artifact.objects.create(
            run=run, filename=name, size_bytes=3, content_sha256=sha256_hex(name.encode()), created_at=clock.now()
        )
    finish.end(run, finish.completed("42", used(query=(1, 1))), room_key=secrets.token_bytes(32))
    written = [{"filename": n, "size_bytes": 3, "sha256": sha256_hex(n.encode())} for n in ("a.csv", "b.csv")]
    if hidden:
        written = [item | {"filename": hidden_name(str(item["filename"]))} for item in written]
    assert body_of(run)["artifacts"] == sorted(written, key=lambda item: str(item["filename"]))
    assert ("a.csv" in Run.objects.get(pk=run.pk).receipt) is not hidden


def test_the_document_keeps_evidence_and_terms_of_the_time(running: Run, room: MadeRoom) -> None:
    before = json.loads(room.row.envelope)
    update(room.owner.owner, selectors.verify(room.row), TrustChange(allowed_composes=("ab" * 32,)))
    finish.end(running, finish.failed(FailureCode.QUERY_AGENT), room_key=None)
    row = Run.objects.select_related("room").get(pk=running.pk)
    document = receipts.document(row)
    assert document["room_envelope"] == before
    assert document["record"]["body"]["room_manifest_hash"] == before["manifest_hash"] != row.room.manifest_hash
    assert document["evidence"] == evidence.bundle()
    assert row.evidence_sha256 == body_of(row)["evidence_sha256"] == sha256_hex(ROOM_V1.encode(document["evidence"]))


def test_what_was_never_kept_is_null(running: Run, room: MadeRoom) -> None:
    finish.end(running, finish.failed(FailureCode.QUERY_AGENT), room_key=None)
    EvidenceSnapshot.objects.all().delete()
    RoomVersion.objects.all().delete()
    row = Run.objects.select_related("room").get(pk=running.pk)
    assert receipts.document(row)["evidence"] is None
    assert receipts.document(row)["room_envelope"] == json.loads(room.row.envelope)
    row.room.manifest_hash = "0" * 64
    assert receipts.document(row)["room_envelope"] is None


def test_the_same_evidence_and_the_same_terms_are_kept_once(
    room: MadeRoom, bob: Person, worker: WorkerIdentity
) -> None:
    ledger.grant(bob.tenant.pk, Grant(100_000_000), actor=OLGA)
    for _ in range(2):
        finish.end_unclaimed(factory.ask(room.guest, room, payer=bob).pk)
    assert (EvidenceSnapshot.objects.count(), RoomVersion.objects.count()) == (1, 1)
    assert snapshots.find(EvidenceSnapshot.objects.get().pk) == evidence.bundle()
    assert snapshots.find("0" * 64) is None


def test_the_key_is_not_printed(db: None) -> None:
    assert "key" not in repr(receipts.prepare())
