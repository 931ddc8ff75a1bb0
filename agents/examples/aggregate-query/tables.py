"""Which table, which columns: reading a schema the way a person would, and writing aggregates over it.

Every statement is one flat SELECT over one table and carries the size of each group, so that a guard which
insists on group sizes can check them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hivemind_agent import Bridge, Denied, Rows

SIZE = "entries"
MEASURES = ("minutes", "seconds", "hours", "duration", "amount", "revenue", "quantity", "price", "total", "rating")
DIMENSIONS = ("category", "genre", "topic", "kind", "type", "product", "device", "country", "region", "title", "name")
AVERAGED = ("rating", "score", "price", "age", "percent")
NUMERIC = ("integer", "bigint", "smallint", "numeric", "real", "double precision")
NEEDS_PEOPLE = re.compile(r"count ?\( ?distinct (\w+) ?\)", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """A table and the parts that its columns play."""

    name: str
    moment: str
    measures: tuple[str, ...]
    dimensions: tuple[str, ...]


@dataclass(frozen=True)
class Question:
    """What to ask of a table: expressions to group by under their labels, a measure or none, and the order."""

    table: Table
    groups: tuple[tuple[str, str], ...] = ()
    measure: str = ""
    average: bool = False
    since: str = ""
    limit: int = 0
    by_size: bool = True

    @property
    def label(self) -> str:
        """What the measure's column is called in the answer."""
        return f"average_{self.measure}" if self.average else self.measure


def read_tables(schema: Rows) -> list[Table]:
    """The room's tables, those with the most columns first."""
    columns: dict[str, list[tuple[str, str]]] = {}
    for row in schema:
        columns.setdefault(str(row["table_name"]), []).append((str(row["column_name"]), str(row["data_type"])))
    tables = [_table(name, found) for name, found in columns.items()]
    return sorted(tables, key=lambda table: (-len(columns[table.name]), table.name))


def _table(name: str, columns: list[tuple[str, str]]) -> Table:
    moments = [column for column, kind in columns if kind.startswith(("timestamp", "date"))]
    numbers = [column for column, kind in columns if kind.startswith(NUMERIC) and not _is_key(column)]
    words = [column for column, kind in columns if kind.startswith(("text", "character", "USER", "bool"))]
    words = [column for column in words if not _is_key(column)]
    return Table(name, (moments or [""])[0], _preferred(numbers, MEASURES), _preferred(words, DIMENSIONS))


def _is_key(column: str) -> bool:
    return re.search(r"(^|_)(id|uuid|key|token|email|phone)$|^(id|e?mail)", column, re.IGNORECASE) is not None


def _preferred(columns: list[str], order: tuple[str, ...]) -> tuple[str, ...]:
    """The well-known ones in their order, then the rest as they come."""
    known = [column for wanted in order for column in columns if column == wanted]
    return tuple(known + [column for column in columns if column not in known])


def mentioned(names: tuple[str, ...], text: str) -> str:
    """The first of ``names`` that ``text`` speaks of, in singular or plural, or nothing."""
    for name in names:
        stem = re.escape(name.replace("_", " ").rstrip("y"))
        if re.search(rf"\b{stem}(y|ies|s|es)?\b", text.replace("_", " "), re.IGNORECASE):
            return name
    return ""


def quoted(name: str) -> str:
    """A column or table name as SQL."""
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


def ask(bridge: Bridge, question: Question) -> Rows:
    """The answer's rows. What the room's rules refuse is asked for with less. Raises Denied when nothing is left."""
    people = ""
    try:
        return _run(bridge, question, people)
    except Denied as refusal:
        needed = NEEDS_PEOPLE.search(refusal.reason)
        people = needed.group(1) if needed else ""
        if not people and not question.measure:
            raise
    try:
        return _run(bridge, question, people)
    except Denied:
        return _run(bridge, _without_measure(question), people)


def _without_measure(question: Question) -> Question:
    kept = {name: getattr(question, name) for name in ("table", "groups", "since", "limit", "by_size")}
    return Question(**kept)


def _run(bridge: Bridge, question: Question, people: str) -> Rows:
    items = [f"{expression} AS {quoted(label)}" for label, expression in question.groups]
    if question.measure:
        how = "avg" if question.average else "sum"
        items.append(f"{how}({quoted(question.measure)}) AS {quoted(question.label)}")
    items.append(f"count(*) AS {SIZE}")
    if people:
        items.append(f"count(DISTINCT {quoted(people)}) AS people")
    sql = f"SELECT {', '.join(items)} FROM {quoted(question.table.name)}"
    params = []
    if question.since:
        sql += f" WHERE {quoted(question.table.moment)} >= %s::timestamptz"
        params.append(question.since)
    if question.groups:
        sql += f" GROUP BY {', '.join(expression for _, expression in question.groups)}"
        last = len(question.groups) + 1
        sql += f" ORDER BY {last} DESC" if question.by_size else " ORDER BY 1"
    if question.limit:
        sql += f" LIMIT {question.limit}"
    return bridge.execute_sql(sql, params)
