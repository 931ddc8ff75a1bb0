"""Counting a watch history: totals, hashtags, topics, hours. Nothing here tells of a single view."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from history import History
from hivemind_agent import Row

MOST_SHOWN = 15
LEAST_VIEWS = 3
WORD = re.compile(r"#?([\w'-]{2,60})")
HOUR = re.compile(r"[T ](\d\d):")


def summary(history: History, rows: Iterable[Row]) -> dict[str, Any]:
    """The numbers of the report. Groups of fewer than LEAST_VIEWS views are left out."""
    views, seconds = 0, 0.0
    tags: Counter[str] = Counter()
    topics: Counter[str] = Counter()
    hours: Counter[str] = Counter()
    for row in rows:
        weight = _whole(row.get("views"), 1)
        views += weight
        seconds += _number(row.get(history.length)) * (60 if history.length == "minutes" else 1)
        for tag in set(_tags(row.get(history.tags))):
            tags[tag] += weight
        topic = str(row.get(history.topic) or "").strip()
        if topic:
            topics[topic] += weight
        hour = HOUR.search(str(row.get(history.moment) or ""))
        if hour:
            hours[hour.group(1)] += weight
    return {
        "views": views,
        "watched_hours": round(seconds / 3600, 1) if history.length else None,
        "top_hashtags": _top(tags),
        "top_topics": _top(topics),
        "views_by_hour": {hour: hours[hour] for hour in sorted(hours) if hours[hour] >= LEAST_VIEWS},
    }


def _top(counts: Counter[str]) -> list[dict[str, Any]]:
    return [{"name": name, "views": n} for name, n in counts.most_common(MOST_SHOWN) if n >= LEAST_VIEWS]


def _tags(value: Any) -> list[str]:
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value or "")
    return [found.lower() for found in WORD.findall(text)]


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


def _whole(value: Any, default: int) -> int:
    return int(value) if str(value).isdigit() else default
