"""Waiting for a run: quick at first, seldom later, patient where it helps."""

from collections.abc import Iterator

import pytest

from hmctl.client import pages, retries, wire
from hmctl.client.pages import Page
from hmctl.client.wire import RunRow
from hmctl.errors import BadAnswer, HmctlError, HttpFailed, TimedOut, TransportFailed
from hmctl.runs import watch


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> float:
        return sum(self.slept)

    steady = now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def _row(status: str) -> RunRow:
    return wire.run_row({"run_id": "4f0a9c1d22be", "status": status})


def _until(events: Iterator[RunRow | HmctlError], clock: Clock, window: float = 600) -> RunRow | None:
    def fetch() -> RunRow:
        event = next(events)
        if isinstance(event, HmctlError):
            raise event
        return event

    return watch.until_ended(fetch, clock=clock, window_seconds=window, on_row=lambda row: None)


def test_polls_from_a_fifth_of_a_second_to_two_seconds() -> None:
    clock = Clock()

    _until(iter([_row("running")] * 100 + [_row("completed")]), clock)

    assert clock.slept[0] == pytest.approx(0.2)
    assert max(clock.slept) == 2.0
    assert clock.slept == sorted(clock.slept)


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_ends_with_every_final_state(status: str) -> None:
    row = _until(iter([_row("pending"), _row(status)]), Clock())

    assert row is not None and row.status == status


def test_gives_up_when_the_window_is_over_and_not_before() -> None:
    clock = Clock()

    assert _until(iter([_row("running")] * 1000), clock, window=30) is None
    assert 27 <= sum(clock.slept) <= 30


def test_a_zero_window_looks_exactly_once() -> None:
    assert _until(iter([_row("running")]), Clock(), window=0) is None
    assert _until(iter([_row("completed")]), Clock(), window=0) is not None


def test_waits_out_what_may_pass() -> None:
    hiccups = [HttpFailed(500, "x"), HttpFailed(404, "x"), TransportFailed("x"), BadAnswer("x"), HttpFailed(429, "x")]

    assert _until(iter([*hiccups, _row("completed")]), Clock()) is not None


@pytest.mark.parametrize("problem", [HttpFailed(401, "x"), HttpFailed(403, "x"), HttpFailed(410, "x")])
def test_raises_what_will_not_pass(problem: HmctlError) -> None:
    with pytest.raises(HttpFailed):
        _until(iter([problem]), Clock())


def test_three_unreadable_answers_are_enough() -> None:
    with pytest.raises(BadAnswer):
        _until(iter([BadAnswer("x")] * 3), Clock())


def test_a_served_retry_after_is_waited() -> None:
    clock = Clock()

    _until(iter([HttpFailed(429, "x", retry_after_seconds=9), _row("completed")]), clock)

    assert clock.slept == [9]


@pytest.mark.parametrize(
    ("problem", "submit", "read"),
    [
        (TransportFailed("x"), True, False),
        (TimedOut("x"), True, True),
        (HttpFailed(502, "x", explained=False), True, False),
        (HttpFailed(503, "x", explained=True), False, False),
        (HttpFailed(503, "x", retry_after_seconds=3), True, True),
        (HttpFailed(429, "x", retry_after_seconds=3), True, True),
        (HttpFailed(429, "x", retry_after_seconds=3600), False, False),
        (HttpFailed(500, "x", explained=False), False, False),
        (HttpFailed(402, "x"), False, False),
        (BadAnswer("x"), False, False),
    ],
)
def test_which_failures_deserve_another_try(problem: HmctlError, submit: bool, read: bool) -> None:
    assert retries.SUBMIT.deserves(problem) is submit
    assert retries.READ.deserves(problem) is read


def test_the_last_failure_is_raised_as_it_is() -> None:
    clock, tries = Clock(), []

    def fails() -> None:
        tries.append(1)
        raise TransportFailed(f"try {len(tries)}")

    with pytest.raises(TransportFailed, match="try 3"):
        retries.call(fails, retry=retries.SUBMIT, clock=clock)
    assert clock.slept == [2.0, 4.0]


def test_pages_are_followed_up_to_the_limit() -> None:
    rows = [{"n": number} for number in range(250)]

    def fetch(size: int, cursor: str) -> Page:
        start = int(cursor or 0)
        return Page(rows[start : start + size], str(start + size) if start + size < len(rows) else "")

    assert pages.collect(fetch, limit=None) == rows
    assert pages.collect(fetch, limit=120) == rows[:120]


def test_a_list_that_never_ends_is_an_error() -> None:
    with pytest.raises(BadAnswer):
        pages.collect(lambda size, cursor: Page([{}], "again"), limit=None)
