"""Waiting for a run: often at first, seldom later, and patient with a service that hiccups."""

from collections.abc import Callable
from typing import Final

from hmctl.client.retries import asked_to_wait
from hmctl.client.wire import RunRow
from hmctl.clock import Clock
from hmctl.errors import BadAnswer, HmctlError, HttpFailed, TransportFailed

_SHORTEST: Final = 0.2
_LONGEST: Final = 2.0
_SHARE_OF_ELAPSED: Final = 0.1
_UNKNOWN_FOR: Final = 60.0
_MOST_BAD_ANSWERS: Final = 3


def until_ended(
    fetch: Callable[[], RunRow],
    *,
    clock: Clock,
    window_seconds: float,
    on_row: Callable[[RunRow], None],
) -> RunRow | None:
    """The ended run, or None when the window is over. `on_row` sees every state on the way.

    A run that is not known (404) for a minute, three unreadable answers in a row, and every refusal that no
    waiting mends are raised. What a service or gateway may get over by itself is waited out.
    """
    started = clock.steady()
    patience = _Patience(clock)
    while True:
        wait = _interval(clock.steady() - started)
        try:
            row = fetch()
            patience.worked()
            on_row(row)
            if row.has_ended:
                return row
        except HmctlError as problem:
            wait = patience.wait_after(problem)
        if clock.steady() + wait - started > window_seconds:
            return None
        clock.sleep(wait)


def _interval(elapsed: float) -> float:
    return min(_LONGEST, max(_SHORTEST, elapsed * _SHARE_OF_ELAPSED))


class _Patience:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._unknown_since: float | None = None
        self._bad_answers = 0

    def worked(self) -> None:
        """Forgets earlier failures."""
        self._unknown_since, self._bad_answers = None, 0

    def wait_after(self, problem: HmctlError) -> float:
        """Seconds to wait after a failure that may pass; raises the others."""
        if isinstance(problem, HttpFailed):
            return self._after_status(problem)
        if isinstance(problem, BadAnswer):
            self._bad_answers += 1
            if self._bad_answers < _MOST_BAD_ANSWERS:
                return _LONGEST
        if isinstance(problem, TransportFailed):
            return _LONGEST
        raise problem

    def _after_status(self, problem: HttpFailed) -> float:
        if problem.status == 404:
            now = self._clock.steady()
            self._unknown_since = now if self._unknown_since is None else self._unknown_since
            if now - self._unknown_since < _UNKNOWN_FOR:
                return _LONGEST
        elif problem.status == 429 or problem.status >= 500:
            asked = asked_to_wait(problem)
            return _LONGEST if asked is None else max(asked, _SHORTEST)
        raise problem
