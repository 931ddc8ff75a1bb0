"""Reports of one run are set one after another, and none any more once the stage's turn is over."""

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runner.artifacts.desk import DeskClosed, Kept
from runner.stages import turns
from runner.stages.turns import Turn
from tests.runner.artifacts.conftest import MakeDesk


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many were being set when each began. What is kept goes nowhere: the threads have no database."""
    found: list[int] = []
    busy, lock = 0, threading.Lock()

    def pdf_of(_markdown: str) -> bytes:
        nonlocal busy
        with lock:
            busy += 1
            found.append(busy)
        time.sleep(0.1)
        with lock:
            busy -= 1
        return b"%PDF-"

    def put(_turn: Turn, filename: str, content: bytes, *, content_type: str) -> Kept:
        return Kept(filename, content_type, len(content), hashlib.sha256(content).hexdigest(), "", 1)

    monkeypatch.setattr(turns, "pdf_of", pdf_of)
    monkeypatch.setattr(Turn, "_put_bytes", put)
    return found


def test_a_run_sets_one_report_at_a_time(make_desk: MakeDesk, rendered: list[int]) -> None:
    turn = Turn(make_desk())
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda n: turn.add_report(f"r{n}", markdown="# x", with_pdf=True), range(4)))
    assert rendered == [1, 1, 1, 1]
    assert all(report.pdf is not None for report in reports)


def test_reports_that_wait_are_dropped_when_the_turn_is_over(make_desk: MakeDesk, rendered: list[int]) -> None:
    desk = make_desk()
    turn = Turn(desk)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(turn.add_report, f"r{n}", markdown="# x", with_pdf=True) for n in range(3)]
        while not rendered:
            time.sleep(0.005)
        desk.take_turn(None)
        ended = [call.exception(20) for call in asked]
    assert rendered == [1]
    assert sorted(isinstance(error, DeskClosed) for error in ended) == [False, True, True]
