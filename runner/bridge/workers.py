"""The threads in which one stage's tools run; other stages have their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


class Workers:
    """A bounded pool. `run` belongs to the bridge's loop, `drain` to the thread that closes the stage."""

    def __init__(self, size: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=size, thread_name_prefix="bridge-tool")
        self._pending: set[Future[object]] = set()

    async def run(self, function: Callable[[], T]) -> T:
        """The function's result. A call that has begun runs on when the waiting request is cancelled."""
        future: Future[T] = self._pool.submit(function)
        self._pending.add(future)  # type: ignore[arg-type]
        future.add_done_callback(self._pending.discard)
        return await asyncio.wrap_future(future)

    @property
    def busy(self) -> bool:
        """Whether a call is running or waiting."""
        return bool(self._pending)

    def stop(self) -> None:
        """Take no more work and drop what has not begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def drain(self, grace_seconds: float) -> int:
        """Wait for what is running; the number of calls that still run when the grace is over."""
        return len(wait(set(self._pending), timeout=grace_seconds).not_done)
