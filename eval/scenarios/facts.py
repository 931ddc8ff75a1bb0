"""What the answers to scenarios have to say, counted from the data set."""

from collections import Counter
from datetime import date, datetime
from functools import cache

from eval.dataset.generate import generate


def of(name: str) -> str:
    """A fact by its name (KeyError when there is none)."""
    return _facts()[name]


@cache
def _facts() -> dict[str, str]:
    shared = generate().shared("watch_history")
    tags = Counter(str(row["hashtag"]) for row in shared)
    (tag, count), *_ = tags.most_common(1)
    days = Counter(_day(row["watched_at"]) for row in shared)
    busiest = sorted(day for day, _ in days.most_common(3))
    return {
        "top_hashtag": tag,
        "top_hashtag_count": str(count),
        **{f"busy_day_{number}": day for number, day in enumerate(busiest, 1)},
    }


def _day(value: object) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no day: {value!r}")
