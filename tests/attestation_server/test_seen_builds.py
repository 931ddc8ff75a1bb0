"""Noting which builds ran: once for each, now and then again, and never in the way of the evidence."""

import logging
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError

from attestation.server.models import SeenBuild
from attestation.server.services import collecting, keeper, seen_builds
from attestation.server.services.collecting import Evidence
from attestation.server.services.keeper import Keeper
from attestation.server.services.seen_builds import Noting
from attestation.server.standin.machine import DevelopmentMachine
from hivemind.kit import clock
from tests.attestation_server import standing_in
from tests.attestation_server.standing_in import MACHINE, eventually, listening

OTHER = DevelopmentMachine(b"o" * 32, standing_in.VERSION)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agent.sock"


def proven(path: Path, machine: DevelopmentMachine = MACHINE) -> Evidence:
    with listening(path, machine):
        return collecting.collect(standing_in.source(path), booted_at=0.0)


@pytest.fixture
def evidence(path: Path) -> Evidence:
    return proven(path)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The builds that were to be written, without a database."""
    builds: list[Any] = []
    monkeypatch.setattr(seen_builds, "_record", builds.append)
    return builds


def idle(noting: Noting) -> bool:
    return eventually(lambda: not noting._writing)


@pytest.mark.django_db(transaction=True)
def test_a_proven_build_is_noted_with_all_that_the_quote_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noting = Noting()
    monkeypatch.setattr(keeper, "_witnesses", [noting])
    kept = Keeper(standing_in.source(path))
    with listening(path):
        kept.evidence()
        assert eventually(SeenBuild.objects.exists) and idle(noting)
    kept.close()
    row, facts = SeenBuild.objects.get(), MACHINE.facts
    assert (row.compose_hash, row.app_id, row.instance_id) == (facts.compose_hash, facts.app_id, facts.instance_id)
    assert (row.kind, row.app_version) == ("development", "0.3.7")
    assert row.run_signer_pubkey_b64 == kept.identity(patience_seconds=0).signer.public_b64
    assert row.first_seen_at == row.last_seen_at


@pytest.mark.django_db(transaction=True)
def test_many_processes_note_one_row_and_move_its_last_date(
    evidence: Evidence, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = clock.now()
    for hours in (0, 2, 1):
        monkeypatch.setattr(clock, "now", lambda hours=hours: start + timedelta(hours=hours))
        noting = Noting()
        noting("development", evidence)
        assert idle(noting)
    row = SeenBuild.objects.get()
    assert (row.first_seen_at, row.last_seen_at) == (start, start + timedelta(hours=2))
    noting = Noting()
    for shown in (evidence, proven(path, OTHER)):
        noting("development", shown)
        assert idle(noting)
    assert SeenBuild.objects.count() == 2


def test_a_process_notes_a_build_once_and_a_change_at_once(evidence: Evidence, path: Path, written: list[Any]) -> None:
    noting = Noting()
    for shown in (evidence, evidence, proven(path, OTHER)):
        noting("development", shown)
        assert idle(noting)
    assert [build.run_signer_pubkey_b64 for build in written] == [
        evidence.identity.signer.public_b64,
        proven(path, OTHER).identity.signer.public_b64,
    ]


def test_after_a_while_a_build_is_noted_again(evidence: Evidence, written: list[Any]) -> None:
    noting = Noting(every_seconds=0.0)
    for _ in range(2):
        noting("development", evidence)
        assert idle(noting)
    assert len(written) == 2


def test_a_database_that_is_away_is_tried_again_and_breaks_nothing(
    evidence: Evidence, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    answers: Iterator[Exception | None] = iter([OperationalError("away"), DatabaseError("odd"), None])
    tried: list[int] = []

    def record(build: Any) -> None:
        tried.append(1)
        problem = next(answers)
        if problem:
            raise problem

    monkeypatch.setattr(seen_builds, "_record", record)
    noting = Noting()
    for _ in range(5):
        noting("development", evidence)
        assert idle(noting)
    assert len(tried) == 3
    assert [entry.message for entry in caplog.records] == ["the running build could not be noted"] * 2
    assert "away" not in caplog.text


def test_a_database_that_hangs_holds_no_evidence_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr(seen_builds, "_record", lambda build: gate.wait(10))
    monkeypatch.setattr(keeper, "REFRESH_SECONDS", 0.02)
    noting = Noting(every_seconds=0.0)
    monkeypatch.setattr(keeper, "_witnesses", [noting])
    kept, renewals = Keeper(standing_in.source(path)), []
    started = time.monotonic()
    with listening(path, Info=lambda _: renewals.append(1) or MACHINE.info()):
        kept.evidence()
        assert time.monotonic() - started < 2
        assert eventually(lambda: len(renewals) > 3)
        assert sum(thread.name == "seen-build" for thread in threading.enumerate()) == 1
    kept.close()
    gate.set()
    assert idle(noting)


def test_evidence_that_is_refused_is_not_noted(path: Path, written: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "_witnesses", [Noting()])
    kept = Keeper(standing_in.source(path))
    with listening(path, GetQuote=lambda _: MACHINE.quote(b"\1" * 64)):
        assert eventually(lambda: "does not verify" in kept.state().trouble)
    kept.close()
    assert written == []
