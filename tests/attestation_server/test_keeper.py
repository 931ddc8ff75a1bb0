"""Evidence of a process: there when the agent is, and back when the agent is back."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from attestation.encoding import unhex
from attestation.server import errors
from attestation.server.services import collecting, keeper
from attestation.server.services.keeper import Keeper, Shared
from attestation.server.standin.machine import DevelopmentMachine
from hivemind.kit import conf
from tests.attestation_server import standing_in
from tests.attestation_server.standing_in import MACHINE, NONCE, eventually, listening

NEWER = DevelopmentMachine(standing_in.SEED, "9.9.9")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agent.sock"


@pytest.fixture
def kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keeper]:
    """A keeper that renews all the time."""
    monkeypatch.setattr(keeper, "REFRESH_SECONDS", 0.05)
    monkeypatch.setattr(keeper, "REFUSED_SECONDS", 0.05)
    made = Keeper(standing_in.source(path), retry_seconds=0.02)
    yield made
    made.close()


def test_nothing_is_asked_before_it_is_needed(path, kept):
    calls = []
    with listening(path, Info=lambda _: calls.append(1) or MACHINE.info()):
        assert calls == []
        assert kept.evidence().bundle.compose_hash == MACHINE.facts.compose_hash
        assert calls


def test_without_an_agent_the_reason_is_told_and_nobody_waits_twice(kept):
    with pytest.raises(errors.GuestAgentUnreachable, match="guest agent not reachable"):
        kept.evidence()
    started = time.monotonic()
    with pytest.raises(errors.EvidenceUnavailable):
        kept.evidence()
    assert time.monotonic() - started < 1
    assert kept.state() == keeper.State("development", False, "guest agent not reachable")


def test_a_slow_agent_blocks_nobody(path, kept, monkeypatch):
    monkeypatch.setattr(keeper, "PATIENCE_SECONDS", 0.1)
    with listening(path, Info=standing_in.slowly(lambda _: MACHINE.info(), 1.0)):
        started = time.monotonic()
        assert kept.state() == keeper.State("development", False, "starting")
        with pytest.raises(errors.EvidenceStarting):
            kept.evidence()
        assert time.monotonic() - started < 0.8
        assert eventually(lambda: kept.state().ready)


def test_an_agent_that_comes_late_is_found(path, kept):
    with pytest.raises(errors.EvidenceUnavailable):
        kept.evidence()
    with listening(path):
        assert eventually(lambda: kept.state().ready)


def test_a_record_waits_for_its_signer(path, kept):
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(kept.identity, patience_seconds=10)
        time.sleep(0.2)
        assert not waiting.done()
        with listening(path):
            assert waiting.result(10).compose_hash == MACHINE.facts.compose_hash


def test_a_record_does_not_wait_for_ever(kept):
    started = time.monotonic()
    with pytest.raises(errors.GuestAgentUnreachable):
        kept.identity(patience_seconds=0.3)
    assert 0.25 < time.monotonic() - started < 3
    started = time.monotonic()
    with pytest.raises(errors.GuestAgentUnreachable):
        kept.identity(patience_seconds=0.3)
    assert time.monotonic() - started < 0.2


def test_an_agent_that_dies_takes_nothing_back_and_is_missed(path, kept):
    with listening(path):
        known = kept.evidence()
    assert eventually(lambda: kept.state().trouble == "guest agent not reachable")
    assert kept.state().ready
    assert kept.evidence().identity.compose_hash == known.identity.compose_hash
    with pytest.raises(errors.GuestAgentUnreachable):
        kept.fresh(NONCE)
    with listening(path):
        assert eventually(lambda: not kept.state().trouble)
        _, answer = kept.fresh(NONCE)
        assert answer.report_data_version == 3


def test_evidence_changes_only_for_a_reason(path, kept, monkeypatch):
    asked = []
    with listening(path, Info=lambda _: asked.append(1) or MACHINE.info()):
        first = kept.evidence()
        assert eventually(lambda: len(asked) > 3)
        assert kept.evidence() is first
        monkeypatch.setattr(collecting, "STATEMENTS_SPARE_SECONDS", 8 * 86_400)
        assert eventually(lambda: kept.evidence() is not first)
        monkeypatch.undo()
        with conf.override("evidence", app_auth_contract="0xabc"):
            assert eventually(lambda: kept.evidence().bundle.app_auth.contract == "0xabc")


def test_an_agent_that_says_something_else_takes_the_evidence_back(path, kept):
    with listening(path):
        known = kept.evidence()
    lying = listening(path, GetQuote=lambda _: MACHINE.quote(b"\1" * 64))
    with lying:
        assert eventually(lambda: not kept.state().ready)
        with pytest.raises(errors.EvidenceRefused):
            kept.evidence()
        assert kept.identity(patience_seconds=0) is known.identity
    with listening(path):
        assert eventually(lambda: kept.state().ready)


def test_an_agent_of_another_build_is_not_taken_for_this_one(path, kept):
    with listening(path):
        kept.evidence()
    with listening(path, NEWER):
        assert eventually(lambda: "identity changed" in kept.state().trouble)
        assert not kept.state().ready


def test_only_so_many_quotes_are_made_at_a_time(path, kept, monkeypatch):
    monkeypatch.setattr(keeper, "SLOT_SECONDS", 0.05)
    at_once, most, lock = 0, 0, threading.Lock()
    gate = threading.Event()

    def answer(source, known, *, nonce):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        gate.wait(10)
        with lock:
            at_once -= 1
        return known.bundle

    with listening(path):
        kept.evidence()
        monkeypatch.setattr(collecting, "answer", answer)
        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(kept.fresh, NONCE) for _ in range(8)]
            assert eventually(lambda: sum(one.done() for one in asked) == 6)
            gate.set()
            refused = [one for one in asked if isinstance(one.exception(10), errors.EvidenceBusy)]
        assert (len(refused), most) == (6, keeper.FRESH_AT_ONCE)
        assert kept.fresh(NONCE)


def test_a_slot_comes_back_after_a_failure(path, kept):
    with listening(path):
        kept.evidence()
    for _ in range(keeper.FRESH_AT_ONCE + 1):
        with pytest.raises(errors.GuestAgentUnreachable):
            kept.fresh(NONCE)


def test_every_trouble_is_told_once(path, kept, caplog):
    caplog.set_level(logging.INFO, logger="attestation.server")
    with pytest.raises(errors.EvidenceUnavailable):
        kept.evidence()
    time.sleep(0.3)
    with listening(path):
        assert eventually(lambda: kept.state().ready)
    told = [record.getMessage() for record in caplog.records]
    assert told == ["evidence could not be collected", "evidence is ready"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unforeseen_failure_is_a_reason_like_others_and_is_recovered_from(path, kept, monkeypatch):
    real, failures = collecting.collect, iter([ZeroDivisionError()])

    def collect(source, *, booted_at):
        for failure in failures:
            raise failure
        return real(source, booted_at=booted_at)

    monkeypatch.setattr(collecting, "collect", collect)
    with listening(path):
        with pytest.raises(errors.EvidenceUnavailable):
            kept.evidence()
        assert eventually(lambda: kept.state().ready)


def test_a_child_process_collects_for_itself(path, monkeypatch):
    shared = Shared()
    made = []

    def make() -> Keeper:
        made.append(Keeper(standing_in.source(path)))
        return made[-1]

    with listening(path):
        shared.get("terms", make).evidence()
        assert shared.get("terms", make) is made[0]
        child = os.fork()
        if child == 0:
            own = shared.get("terms", make)
            os._exit(0 if own is not made[0] and own.evidence().bundle.compose_hash else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert shared.get("other terms", make) is not made[0]
    shared.drop()


def test_stand_in_and_test_agree_about_report_data():
    assert unhex(MACHINE.quote(NONCE)["report_data"]) == NONCE + bytes(32)
