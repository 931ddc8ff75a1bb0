"""How much a stage may ask of models: calls and tokens, reserved before they are spent.

A reservation takes the estimated prompt and the whole completion cap out of what is left, so calls that run
at the same time cannot spend more than one after another. One that does not fit beside those in flight waits
for them; it is refused only when it would be refused with nothing in flight.

What a prompt is estimated at leaves out what agents are promised to be free, such as tools. A call by itself may
exceed the budget by that much; calls at once may not each do so, so beside others a call counts with its whole weight.

A budget may lie within another: each of its calls is then one of the outer budget's too, so that any number of
inner budgets together spend no more than the outer one has.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass

# Failed calls cost nothing, so their number is bounded on its own.
FAILED_CALLS_ALLOWANCE = 10


class BudgetExhausted(Exception):
    """The stage has nothing left for this call; the text is shown to the agent."""


@dataclass(frozen=True)
class _Spent:
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    def plus(self, *, calls: int, prompt_tokens: int, completion_tokens: int) -> _Spent:
        return _Spent(
            self.calls + calls,
            self.prompt_tokens + max(prompt_tokens, 0),
            self.completion_tokens + max(completion_tokens, 0),
        )


class Reservation:
    """A call's claim on the budget. Exactly one of `settle` and `release` counts, the first; both are safe to
    repeat and may be called from any thread. `max_tokens` is the completion cap that was granted."""

    def __init__(
        self, budget: Budget, *, estimate: int, weight: int, max_tokens: int, outer: Reservation | None = None
    ) -> None:
        self._budget = budget
        self.estimate = estimate
        self.weight = weight
        self.max_tokens = max_tokens
        self.outer = outer

    def settle(self, *, prompt_tokens: int, completion_tokens: int) -> None:
        """Put what was really used in the place of what was reserved, even when it is more."""
        self._budget._finish(self, used=(prompt_tokens, completion_tokens), failed=False)

    def release(self, *, failed: bool) -> None:
        """Give everything back; `failed` when the call was tried and came to nothing."""
        self._budget._finish(self, used=None, failed=failed)


class _Turns:
    """Who waits for a call to end, of a budget and all that lie within it, and the lock of them all."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    def take(self) -> asyncio.Future[None]:
        """What is done when something has ended. Call it with the lock."""
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self._waiting.append((loop, turn))
        return turn

    def wake(self) -> None:
        """Let everybody look again."""
        with self.lock:
            waiting, self._waiting = self._waiting, []
        for loop, turn in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve, turn)


class Budget:
    """The calls and tokens of one stage, or a part of them `within` another. Safe to use from any thread."""

    def __init__(self, max_calls: int, max_tokens: int, *, within: Budget | None = None) -> None:
        self.max_calls = max_calls
        self.max_tokens = max_tokens
        self._within = within
        self._turns: _Turns = within._turns if within is not None else _Turns()
        self._spent = _Spent()
        self._failed_calls = 0
        self._in_flight: set[Reservation] = set()

    def snapshot(self) -> dict[str, int]:
        """What has been used and what is allowed; reservations do not show."""
        spent = self._spent
        return {
            "calls": spent.calls,
            "max_calls": self.max_calls,
            "prompt_tokens": spent.prompt_tokens,
            "completion_tokens": spent.completion_tokens,
            "total_tokens": spent.total_tokens,
            "max_tokens": self.max_tokens,
        }

    def try_reserve(self, estimate: int, *, max_tokens: int, weight: int = 0) -> Reservation | None:
        """Reserve a call, or None when it may fit once a call in flight has ended.

        `estimate` is the prompt in tokens, `weight` what it may turn out to be where that is more, `max_tokens` the
        wished completion cap, which is lowered to what remains. Raises `BudgetExhausted`.
        """
        with self._turns.lock:
            return self._reserve(estimate, max_tokens, max(weight, estimate))

    async def reserve(self, estimate: int, *, max_tokens: int, weight: int = 0) -> Reservation:
        """Like `try_reserve`, but waits for its turn."""
        while True:
            with self._turns.lock:
                reservation = self._reserve(estimate, max_tokens, max(weight, estimate))
                if reservation is not None:
                    return reservation
                turn = self._turns.take()
            await turn

    def share(self, parts: int, *, max_calls: int) -> list[Budget]:
        """Budgets within this one, each with an equal part of what is left and at most `max_calls` calls.

        Calls in flight count as what they may give back. Raises `BudgetExhausted` when a part would have no call or
        no token.
        """
        with self._turns.lock:
            self._check_any_left()
            calls, tokens = (left // parts for left in self._left())
        if calls < 1 or tokens < 1:
            raise BudgetExhausted(f"Budget exhausted: too little is left for {parts}")
        return [Budget(min(calls, max_calls), tokens, within=self) for _ in range(parts)]

    def _reserve(self, estimate: int, wished: int, weight: int) -> Reservation | None:
        remaining = self.max_tokens - self._spent.total_tokens
        self._check_hopeless(estimate, remaining)
        granted = min(wished, remaining - estimate)
        if self._in_flight and not self._fits_beside(weight + wished, remaining):
            return None
        outer = None
        if self._within is not None:
            outer = self._within._reserve(estimate, granted, weight)
            if outer is None:
                return None
            granted = outer.max_tokens
        reservation = Reservation(self, estimate=estimate, weight=weight, max_tokens=granted, outer=outer)
        self._in_flight.add(reservation)
        return reservation

    def _fits_beside(self, planned: int, remaining: int) -> bool:
        reserved = sum(other.weight + other.max_tokens for other in self._in_flight)
        calls = self._spent.calls + len(self._in_flight)
        return calls < self.max_calls and planned + reserved <= remaining

    def _check_hopeless(self, estimate: int, remaining: int) -> None:
        self._check_any_left()
        if estimate + 1 > remaining:
            raise BudgetExhausted(f"Budget exhausted: about {estimate} tokens of prompt, {remaining} tokens left")

    def _check_any_left(self) -> None:
        if self._spent.calls >= self.max_calls:
            raise BudgetExhausted(f"Budget exhausted: all {self.max_calls} model calls are used")
        if self._failed_calls >= self.max_calls + FAILED_CALLS_ALLOWANCE:
            raise BudgetExhausted(f"Budget exhausted: {self._failed_calls} model calls have failed")
        if self._spent.total_tokens >= self.max_tokens:
            raise BudgetExhausted(f"Budget exhausted: all {self.max_tokens} tokens are used")
        if self._within is not None:
            self._within._check_any_left()

    def _left(self) -> tuple[int, int]:
        calls, tokens = self.max_calls - self._spent.calls, self.max_tokens - self._spent.total_tokens
        if self._within is None:
            return calls, tokens
        outer_calls, outer_tokens = self._within._left()
        return min(calls, outer_calls), min(tokens, outer_tokens)

    def _finish(self, reservation: Reservation, *, used: tuple[int, int] | None, failed: bool) -> None:
        with self._turns.lock:
            if reservation not in self._in_flight:
                return
            self._account(reservation, used, failed)
        self._turns.wake()

    def _account(self, reservation: Reservation, used: tuple[int, int] | None, failed: bool) -> None:
        self._in_flight.discard(reservation)
        if used is not None:
            self._spent = self._spent.plus(calls=1, prompt_tokens=used[0], completion_tokens=used[1])
        self._failed_calls += failed
        if self._within is not None and reservation.outer is not None:
            self._within._account(reservation.outer, used, failed)


def _resolve(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)
