"""Evidence that is kept for receipts: of a machine, naming the signer, made once and found again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from attestation.encoding import unb64
from attestation.evidence.roots import DevelopmentRoot
from attestation.receipt import ReceiptExpectation, verify_receipt
from attestation.server.errors import EvidenceBusy
from attestation.server.models import EvidenceSnapshot
from attestation.server.services import evidence, snapshots, sources
from hivemind.kit import clock, conf
from hivemind.kit.handoff import WorkerIdentity
from runner.models import Run
from runner.services import finish, receipts
from tests.attestation.paid import POLICY
from tests.attestation_server.standing_in import listening
from tests.factories import runs as factory
from tests.runner.cast import *  # noqa: F403
from tests.runner.cast import MadeRoom

pytestmark = pytest.mark.django_db


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[None]:
    """Olga's machine, standing in for hardware."""
    socket = tmp_path / "agent.sock"
    with (
        conf.override("evidence", mode="development", dstack_endpoint=str(socket), timeout_seconds=8),
        listening(socket),
    ):
        yield
    sources.forget()


def test_the_receipt_of_a_machines_run_needs_nobodys_word_for_its_signer(
    machine: None, room: MadeRoom, worker: WorkerIdentity
) -> None:
    run = factory.ask(room.owner.owner, room)
    finish.end_unclaimed(run.pk)
    document = receipts.document(Run.objects.select_related("room").get(pk=run.pk))
    root = DevelopmentRoot(unb64(document["evidence"]["development"]["root_ca_der_b64"]))
    verdict = verify_receipt(
        json.loads(json.dumps(document)),
        expect=ReceiptExpectation(run_id=run.pk, prompt=factory.QUESTION, answer=""),
        at=int(clock.now().timestamp()),
        roots=root,
        policy=POLICY,
    )
    assert verdict.evidence is not None
    assert verdict.body["compose_hash"] == verdict.evidence.machine.compose.value != ""
    assert {"evidence", "run signer"} & set(verdict.not_checked) == set()


def test_a_quote_for_receipts_is_made_once(machine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    real = evidence.answer
    monkeypatch.setattr(evidence, "answer", lambda nonce: made.append(nonce) or real(nonce))
    assert snapshots.keep() == snapshots.keep()
    assert len(made) == 1
    EvidenceSnapshot.objects.all().delete()
    kept = snapshots.keep()
    assert len(made) == 2
    assert snapshots.find(kept) is not None


def test_a_machine_that_is_busy_lends_the_quote_it_started_with(machine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(nonce: bytes) -> None:
        raise EvidenceBusy

    monkeypatch.setattr(snapshots, "_answered", {})
    monkeypatch.setattr(evidence, "answer", busy)
    assert snapshots.find(snapshots.keep()) == evidence.bundle()
