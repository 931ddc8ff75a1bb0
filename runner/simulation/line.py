"""A bounded number of places, given out in the order of asking. Waiting costs a future and no thread."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(eq=False)
class _Waiter:
    loop: asyncio.AbstractEventLoop
    turn: asyncio.Future[None]
    admitted: bool = False


class Line:
    """`places` is asked at every decision, so that a changed setting counts. Usable from any loop and thread."""

    def __init__(self, places: Callable[[], int]) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._taken = 0
        self._waiting: deque[_Waiter] = deque()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return len(self._waiting)

    async def enter(self) -> None:
        """Take a place, after everybody who asked before. Whoever is cancelled while waiting has none."""
        with self._lock:
            if not self._waiting and self._taken < self._places():
                self._taken += 1
                return
            loop = asyncio.get_running_loop()
            waiter = _Waiter(loop, loop.create_future())
            self._waiting.append(waiter)
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if self._given_up(waiter):
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place back."""
        with self._lock:
            self._taken -= 1
            while self._waiting and self._taken < self._places():
                waiter = self._waiting.popleft()
                if waiter.loop.is_closed():
                    continue
                waiter.admitted = True
                self._taken += 1
                waiter.loop.call_soon_threadsafe(_admit, waiter.turn)

    def _given_up(self, waiter: _Waiter) -> bool:
        """Whether the waiter had been given a place that has to go back."""
        with self._lock:
            if not waiter.admitted:
                self._waiting.remove(waiter)
            return waiter.admitted


def _admit(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)
