"""Answers that are dear to compute and may be some seconds old: one computation serves every page in between."""

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Answer = TypeVar("Answer")
_all: list["Remembered[Any]"] = []


class Remembered(Generic[Answer]):
    """What `ask` answers, kept for `seconds` in this process. While one thread asks, the others get the old answer."""

    def __init__(self, ask: Callable[[], Answer], *, seconds: float = 30) -> None:
        self._ask = ask
        self._seconds = seconds
        self._lock = threading.Lock()
        self._kept: tuple[float, Answer] | None = None
        _all.append(self)

    def __call__(self) -> Answer:
        """The answer; what `ask` raises is raised and not kept."""
        kept = self._kept
        if kept is not None and (time.monotonic() - kept[0] < self._seconds or self._lock.locked()):
            return kept[1]
        with self._lock:
            answer = self._ask()
            self._kept = (time.monotonic(), answer)
        return answer

    def forget(self) -> None:
        """Ask anew at the next opportunity."""
        self._kept = None


def forget_all() -> None:
    """Ask everything anew at the next opportunity."""
    for remembered in _all:
        remembered.forget()
