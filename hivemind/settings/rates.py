"""Rates as an operator writes them: `5/hour`."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

PERIODS: Final = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
# As many moments are remembered for each caller.
HIGHEST: Final = 10_000

_RATE = re.compile(r"([1-9][0-9]{0,4})/(second|minute|hour|day)")


@dataclass(frozen=True)
class Rate:
    """At most `count` in any `seconds`."""

    count: int
    seconds: int


@lru_cache(maxsize=32)
def parse_rate(text: str) -> Rate | None:
    """The rate, None for the empty text, which means no limit. Raises ValueError, without the text."""
    if not text:
        return None
    match = _RATE.fullmatch(text)
    if match is None or int(match.group(1)) > HIGHEST:
        raise ValueError(f"not a rate such as 5/hour, with a count of 1 to {HIGHEST} and one of {', '.join(PERIODS)}")
    return Rate(count=int(match.group(1)), seconds=PERIODS[match.group(2)])
