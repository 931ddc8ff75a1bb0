"""The watch history: which table and columns it has, and reading it as the room's rules allow."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from hivemind_agent import Bridge, Denied, Row

MOST_ROWS = 5000
TABLE = re.compile(r"watch|view|history|feed|video", re.IGNORECASE)
TIME = re.compile(r"timestamp|date", re.IGNORECASE)
NUMBER = re.compile(r"int|numeric|double|real", re.IGNORECASE)
TAGS = ("hashtags", "hashtag", "tags", "tag")
TOPICS = ("category", "topic", "genre", "creator_type")
LENGTHS = ("seconds", "duration", "duration_seconds", "watch_seconds", "watched_seconds", "minutes")


@dataclass(frozen=True)
class History:
    """The columns that are used, empty where the table has none of the kind."""

    table: str
    moment: str = ""
    tags: str = ""
    topic: str = ""
    length: str = ""

    @property
    def columns(self) -> list[str]:
        """Those that it has."""
        return [name for name in (self.moment, self.tags, self.topic, self.length) if name]


def find(schema: Iterable[Row]) -> History | None:
    """The table that looks most like a watch history, None when none does."""
    tables: dict[str, dict[str, str]] = {}
    for row in schema:
        tables.setdefault(str(row["table_name"]), {})[str(row["column_name"])] = str(row["data_type"])
    found = [_described(name, columns) for name, columns in sorted(tables.items()) if TABLE.search(name)]
    return max((one for one in found if one.columns), key=lambda one: len(one.columns), default=None)


def read(bridge: Bridge, history: History) -> list[Row]:
    """Views, one row each or, where the rules refuse single rows, one for each topic with its ``views``.

    Raises Denied when neither may be read.
    """
    names = ", ".join(map(quoted, history.columns))
    try:
        return list(bridge.execute_sql(f"SELECT {names} FROM {quoted(history.table)} LIMIT {MOST_ROWS}"))
    except Denied:
        group = history.topic or history.tags
        if not group:
            raise
        name = quoted(group)
        sql = f"SELECT {name}, count(*) AS views FROM {quoted(history.table)} GROUP BY {name} ORDER BY views DESC"
        return list(bridge.execute_sql(sql))


def quoted(name: str) -> str:
    """The name as Postgres takes it; a percent sign is doubled for the bridge."""
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


def _described(table: str, columns: dict[str, str]) -> History:
    def first(names: tuple[str, ...]) -> str:
        return next((name for wanted in names for name in columns if name.lower() == wanted), "")

    length = first(LENGTHS)
    return History(
        table=table,
        moment=next((name for name, kind in columns.items() if TIME.search(kind)), ""),
        tags=first(TAGS),
        topic=first(TOPICS),
        length=length if length and NUMBER.search(columns[length]) else "",
    )
