"""When a failed model call is sent again, and after how long."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from runner.llm.errors import UpstreamError


@dataclass(frozen=True)
class RetryPolicy:
    """`attempts` in total; the wait doubles from `base_seconds` up to `cap_seconds`, with jitter.

    A wait that the service asks for is kept; above `retry_after_cap_seconds` the call fails instead.
    """

    attempts: int = 3
    base_seconds: float = 0.5
    cap_seconds: float = 8.0
    retry_after_cap_seconds: float = 30.0
    jitter: Callable[[], float] = random.random

    def wait_seconds(self, attempt: int, *, error: UpstreamError) -> float | None:
        """How long to wait after failed attempt number `attempt` (from 1); None means give up."""
        if not error.retryable or attempt >= self.attempts:
            return None
        if error.retry_after is not None:
            return error.retry_after if error.retry_after <= self.retry_after_cap_seconds else None
        ceiling: float = min(self.cap_seconds, self.base_seconds * 2 ** (attempt - 1))
        return ceiling * (0.5 + self.jitter() / 2)


def parse_retry_after(value: str | None, *, now: datetime | None = None) -> float | None:
    """The `Retry-After` header (RFC 9110 section 10.2.3) in seconds; None when absent or nonsense."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        return _until(value, now or datetime.now(UTC))
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _until(value: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)
