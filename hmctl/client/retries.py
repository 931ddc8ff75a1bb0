"""When a call is worth another try, and how long to wait before it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from hmctl.clock import Clock
from hmctl.errors import HmctlError, HttpFailed, TimedOut, TransportFailed

T = TypeVar("T")
_LONGEST_WAIT: Final = 60.0
_GATEWAY: Final = frozenset({502, 503, 504})


@dataclass(frozen=True)
class Retry:
    """Waits between tries, and which failures deserve one. A served `Retry-After` beats the wait."""

    waits: tuple[float, ...]
    deserves: Callable[[HmctlError], bool]


def _lost_on_the_way(problem: HmctlError) -> bool:
    if isinstance(problem, HttpFailed):
        return asked_to_wait(problem) is not None or (problem.status in _GATEWAY and not problem.explained)
    return isinstance(problem, TransportFailed)


def _late_or_told_to_wait(problem: HmctlError) -> bool:
    if isinstance(problem, HttpFailed):
        return asked_to_wait(problem) is not None
    return isinstance(problem, TimedOut)


SUBMIT: Final = Retry(waits=(2.0, 4.0), deserves=_lost_on_the_way)
READ: Final = Retry(waits=(0.5, 2.0), deserves=_late_or_told_to_wait)


def asked_to_wait(problem: HttpFailed) -> float | None:
    """Seconds the service asked for, when it is busy and the wait is bearable."""
    wait = problem.retry_after_seconds
    busy = problem.status in (429, 503)
    return wait if busy and wait is not None and wait <= _LONGEST_WAIT else None


def call(action: Callable[[], T], *, retry: Retry, clock: Clock) -> T:
    """The first successful result; the last failure is raised as it is."""
    for wait in retry.waits:
        try:
            return action()
        except HmctlError as problem:
            if not retry.deserves(problem):
                raise
            asked = asked_to_wait(problem) if isinstance(problem, HttpFailed) else None
            clock.sleep(wait if asked is None else asked)
    return action()
