"""The simulations of one scope stage: admitted within its budget, carried out in order, ended with it."""

import asyncio
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from hivemind.kit.conf import conf
from runner.bridge.budget import Budget
from runner.bridge.errors import note_unexpected
from runner.bridge.sessions import Outcome, Rehearsal
from runner.simulation.attempt import STOPPED, Attempt
from runner.simulation.line import Line
from runner.stages.context import RunContext

log = logging.getLogger(__name__)
TOO_LATE = "the scope stage ended before its turn came"
BROKEN = "the platform failed while carrying it out"
# A container that was killed is gone in a moment; what its tools do in the database is cancelled and may take longer.
STOP_SECONDS = 45.0
SHOWN = ("calls", "prompt_tokens", "completion_tokens", "total_tokens")

# One thread for each simulation that runs; those that wait have none.
_threads = ThreadPoolExecutor(max_workers=64, thread_name_prefix="simulation")
_worker_line = Line(lambda: conf.budgets.simulations_per_worker)


class Simulations:
    """See `runner.bridge.sessions.Simulator`. Every model call is one of the stage's, and within its budget."""

    def __init__(self, ctx: RunContext, *, budget: Budget, deadline: float) -> None:
        self._ctx = ctx
        self._deadline = deadline
        self._budget = Budget(budget.max_calls, budget.max_tokens, within=budget)
        self._line = Line(lambda: conf.budgets.simulations_per_run)
        self._images = threading.Lock()
        self._living: dict[Future[Outcome], Attempt] = {}
        self._begun = 0
        self._answered = 0
        self._counting = threading.Lock()
        self._stopped = False

    async def run(self, rehearsals: Sequence[Rehearsal]) -> list[Outcome]:
        """See `Simulator.run`."""
        shares = self._budget.share(len(rehearsals), max_calls=self._ctx.terms.query.max_llm_calls)
        pairs = zip(rehearsals, shares, strict=True)
        ended = await asyncio.gather(*(self._in_turn(*pair) for pair in pairs), return_exceptions=True)
        return [_outcome(result) for result in ended]

    def stop(self) -> None:
        """See `Simulator.stop`."""
        self._stopped = True
        living = dict(self._living)
        for attempt in living.values():
            attempt.abort()
        left = wait(living, timeout=STOP_SECONDS).not_done
        if left:
            log.error("simulations outlasted their stage", extra={"count": len(left)})

    def usage(self) -> dict[str, Any]:
        """See `Simulator.usage`."""
        if not self._begun:
            return {}
        used = self._budget.snapshot()
        counts = {name: used[name] for name in SHOWN}
        return {"count": self._begun, "answered": self._answered, **counts, "model": self._ctx.terms.query.model}

    async def _in_turn(self, rehearsal: Rehearsal, budget: Budget) -> Outcome:
        try:
            async with asyncio.timeout_at(self._deadline):
                await self._line.enter()
        except TimeoutError:
            return Outcome(error=TOO_LATE)
        try:
            async with asyncio.timeout_at(self._deadline):
                await _worker_line.enter()
        except TimeoutError:
            self._line.leave()
            return Outcome(error=TOO_LATE)
        except BaseException:
            self._line.leave()
            raise
        return await self._carried_out(rehearsal, budget)

    async def _carried_out(self, rehearsal: Rehearsal, budget: Budget) -> Outcome:
        """Both places are taken; they are given back when the container is gone, whoever still waits for it."""
        if self._stopped or time.monotonic() >= self._deadline:
            self._leave()
            return Outcome(error=STOPPED)
        self._begun += 1
        attempt = Attempt(self._ctx, rehearsal, budget, self._deadline, self._begun, self._images)
        future = _threads.submit(attempt.carry_out)
        self._living[future] = attempt
        future.add_done_callback(self._ended)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            attempt.abort()
            raise

    def _ended(self, future: "Future[Outcome]") -> None:
        self._living.pop(future, None)
        if not future.cancelled() and future.exception() is None and future.result().error is None:
            with self._counting:
                self._answered += 1
        self._leave()

    def _leave(self) -> None:
        _worker_line.leave()
        self._line.leave()


def _outcome(result: Outcome | BaseException) -> Outcome:
    if isinstance(result, Outcome):
        return result
    if not isinstance(result, Exception):
        raise result
    note_unexpected(result)
    return Outcome(error=BROKEN)
