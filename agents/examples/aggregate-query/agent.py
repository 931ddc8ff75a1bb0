"""A query agent without a model: recognises a handful of questions and answers them with aggregates.

It asks only for groups, never for single rows, so that it works under strict rules. What it does not recognise is
answered with an overview.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import notes
from hivemind_agent import AgentError, Bridge, Denied, Row, Rows, read_input
from markdown import WEEKDAYS, as_number, label, number, table
from tables import AVERAGED, SIZE, Question, Table, ask, mentioned, quoted, read_tables

ASKS_NOTE = re.compile(r"\b(notes?|documents?|vault|memos?|agreement|according to)\b", re.IGNORECASE)
ASKS_CHANGE = re.compile(r"\bchang|\bcompar|\bversus\b|\bvs\b|\bdiffer|\b(this|last|previous) month\b", re.IGNORECASE)
ASKS_WEEKDAY = re.compile(r"\bweekdays?\b|\bdays? of the week\b|\bbusiest day\b|\bwhich day\b", re.IGNORECASE)
ASKS_TIME = re.compile(r"\b(day|week|month|quarter|year)(s|ly)?\b|\bdaily\b|\btrend\b|\bover time\b", re.IGNORECASE)
ASKS_GROUPS = re.compile(
    r"\btop\b|\bmost\b|\bper\b|\bby\b|\beach\b|\bevery\b|\bbreakdown\b|\bpopular\b|\bfavou?rite", re.I
)
ASKS_TOTAL = re.compile(r"\btotals?\b|\bhow (many|much)\b|\baverage\b|\boverall\b|\bsum\b|\bmean\b", re.IGNORECASE)
DEFAULT_LIMIT = 10
LARGEST_LIMIT = 50


def answer(bridge: Bridge, prompt: str) -> str:
    """The answer to ``prompt`` as Markdown."""
    if ASKS_NOTE.search(prompt):
        return notes.answer(bridge, prompt)
    tables = read_tables(bridge.get_schema())
    if not tables:
        return notes.answer(bridge, prompt)
    spoken_of = mentioned(tuple(found.name for found in tables), prompt)
    main = next((found for found in tables if found.name == spoken_of), tables[0])
    base = measured(main, prompt)
    dimension = mentioned(main.dimensions, prompt)
    if main.moment and ASKS_CHANGE.search(prompt):
        return changes(bridge, base, dimension or next(iter(main.dimensions), ""))
    if main.moment and ASKS_WEEKDAY.search(prompt):
        return weekdays(bridge, base)
    if dimension and (ASKS_GROUPS.search(prompt) or not ASKS_TIME.search(prompt)):
        return groups(bridge, base, dimension, limit_of(prompt))
    if main.moment and ASKS_TIME.search(prompt):
        return over_time(bridge, base, unit_of(prompt))
    if ASKS_GROUPS.search(prompt) and main.dimensions:
        return groups(bridge, base, main.dimensions[0], limit_of(prompt))
    return totals(bridge, base) if ASKS_TOTAL.search(prompt) else overview(bridge, base)


def measured(main: Table, prompt: str) -> Question:
    """A question over the measure that the prompt speaks of, or the table's first."""
    measure = mentioned(main.measures, prompt) or next(iter(main.measures), "")
    average = measure in AVERAGED or bool(re.search(r"\b(average|mean)\b", prompt, re.IGNORECASE))
    return Question(main, measure=measure, average=bool(measure) and average)


def limit_of(prompt: str) -> int:
    """The number in "top 5", within reason."""
    found = re.search(r"\btop (\d{1,3})\b|\b(\d{1,3}) (most|top)\b", prompt, re.IGNORECASE)
    wanted = int(next(filter(None, found.groups()))) if found else DEFAULT_LIMIT
    return max(1, min(wanted, LARGEST_LIMIT))


def unit_of(prompt: str) -> str:
    """day, week, month, quarter or year; month when the prompt does not say."""
    found = re.search(r"\b(day|week|month|quarter|year)", prompt, re.IGNORECASE)
    return found.group(1).lower() if found else "day" if "daily" in prompt.lower() else "month"


def value_column(rows: Rows, question: Question) -> str:
    """The measure if the room's rules gave it, else the number of entries."""
    return question.label if rows and question.label and question.label in rows[0] else SIZE


def amounts(row: Row, names: list[str]) -> list[float]:
    """Some columns of a row as numbers; large sums arrive as text."""
    return [as_number(row[name]) for name in names]


def groups(bridge: Bridge, base: Question, dimension: str, limit: int) -> str:
    """The largest groups of one column."""
    rows = ask(bridge, replace(base, groups=((dimension, quoted(dimension)),), limit=limit))
    value = value_column(rows, base)
    if not rows:
        return nothing(dimension)
    shown = [dimension] if value == SIZE else [dimension, value]
    lines = [[row[dimension], *amounts(row, [*shown[1:], SIZE])] for row in rows]
    body = table([*map(label, shown), SIZE], lines)
    first = rows[0]
    return (
        f"**{label(value).capitalize()} by {label(dimension)}**\n\n{body}\n\n"
        f"Highest: {first[dimension]} with {number(first[value])}."
    )


def over_time(bridge: Bridge, base: Question, unit: str) -> str:
    """One line for each day, week, month, quarter or year."""
    rows = ask(bridge, replace(base, groups=((unit, period(base, unit)),), by_size=False))
    if not rows:
        return nothing(unit)
    value = value_column(rows, base)
    shown = [value] if value == SIZE else [value, SIZE]
    length = {"month": 7, "year": 4}.get(unit, 10)
    lines = [[str(row[unit])[:length], *amounts(row, shown)] for row in rows]
    best = max(rows, key=lambda row: as_number(row[value]))
    body = table([unit, *map(label, shown)], lines)
    peak = f"{str(best[unit])[:length]} with {number(best[value])}"
    return f"**{label(value).capitalize()} per {unit}**\n\n{body}\n\nHighest: {peak}."


def weekdays(bridge: Bridge, base: Question) -> str:
    """The days of the week, busiest first."""
    day = f"extract(dow from {quoted(base.table.moment)})"
    rows = ask(bridge, replace(base, groups=(("weekday", day),)))
    if not rows:
        return nothing("weekday")
    value = value_column(rows, base)
    shown = [value] if value == SIZE else [value, SIZE]
    named = [[WEEKDAYS[int(as_number(row["weekday"])) % 7], *amounts(row, shown)] for row in rows]
    body = table(["weekday", *map(label, shown)], named)
    return f"**Busiest weekday: {named[0][0]}**, with {number(named[0][1])} {label(value)}.\n\n{body}"


def changes(bridge: Bridge, base: Question, dimension: str) -> str:
    """The latest month in the data against the one before, as a whole and by one column."""
    months = ask(bridge, replace(base, groups=(("month", period(base, "month")),), by_size=False))
    if len(months) < 2:
        return "There are not two months to compare."
    before, latest = months[-2], months[-1]
    value = value_column(months, base)
    old, new = str(before["month"])[:7], str(latest["month"])[:7]
    title = f"**What changed: {new} (the latest month in the data) against {old}**\n\n"
    whole = f"{label(value).capitalize()}: {number(latest[value])}, {difference(before[value], latest[value])}.\n\n"
    if not dimension:
        return title + whole
    both = replace(
        base,
        groups=((dimension, quoted(dimension)), ("month", period(base, "month"))),
        since=str(before["month"]),
    )
    found: dict[object, dict[str, float]] = {}
    for row in ask(bridge, both):
        found.setdefault(row[dimension], {})[str(row["month"])[:7]] = as_number(row.get(value, row[SIZE]))
    # A month that is missing here may be one whose group is too small to be shown, so it is not called zero.
    pairs = [(name, by_month.get(old), by_month.get(new)) for name, by_month in found.items()]
    pairs.sort(key=lambda pair: -abs((pair[2] or 0.0) - (pair[1] or 0.0)))
    lines = [[*pair, None if None in pair else difference(pair[1], pair[2])] for pair in pairs[:LARGEST_LIMIT]]
    return title + whole + table([label(dimension), old, new, "change"], lines)


def totals(bridge: Bridge, base: Question) -> str:
    """The whole table in one line."""
    rows = ask(bridge, base)
    if not rows:
        return nothing(base.table.name)
    parts = [f"{number(rows[0][SIZE])} entries"]
    if value_column(rows, base) != SIZE:
        parts.append(f"{number(rows[0][base.label])} {label(base.label)}")
    return f"**Overall in {label(base.table.name)}:** {', '.join(parts)}."


def overview(bridge: Bridge, base: Question) -> str:
    """Totals, the first column's groups and the months; what the rules refuse is left out."""
    parts = [lambda: totals(bridge, base)]
    if base.table.dimensions:
        parts.append(lambda: groups(bridge, base, base.table.dimensions[0], DEFAULT_LIMIT))
    if base.table.moment:
        parts.append(lambda: over_time(bridge, base, "month"))
    told = []
    for part in parts:
        try:
            told.append(part())
        except Denied as refusal:
            told.append(f"_Left out: {refusal.reason}._")
    return "\n\n".join(told)


def period(question: Question, unit: str) -> str:
    """The SQL that cuts the table's moments into ``unit``s."""
    return f"date_trunc('{unit}', {quoted(question.table.moment)})"


def difference(before: object, after: object) -> str:
    """up 12 (+5%)"""
    old, new = as_number(before), as_number(after)
    share = f" ({(new - old) / old:+.0%})" if old else ""
    word = "up" if new > old else "down" if new < old else "unchanged"
    return word if word == "unchanged" else f"{word} {number(abs(new - old))}{share}"


def nothing(what: str) -> str:
    """What to say when no group is large enough to be shown."""
    return f"Nothing that the room's rules let me show by {label(what)}."


def main() -> int:
    """Print the answer. A refusal by the room's rules is an answer as well."""
    bridge = Bridge.from_environment()
    try:
        print(answer(bridge, read_input("QUERY_PROMPT", "")))
    except Denied as refusal:
        print(f"The room's rules do not let this be answered: {refusal.reason}.")
    except AgentError as problem:
        print(f"No answer: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
