"""Questions, and counting the rows that answer them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from eval.corpus.attacks import Turn
from eval.corpus.known import Answer, Cells
from eval.dataset.generate import Row


@dataclass(frozen=True)
class Question:
    """One question. `turn` has its words and the SQL of somebody who knows the tables; `answer` is right."""

    id: str
    turn: Turn
    answer: Answer


def question(name: str, words: str, sql: str, rows: list[Cells]) -> Question:
    """A question that one SELECT answers."""
    return Question(name, Turn(words, ({"sql": sql},)), Answer(tuple(rows)))


def number(row: Row, name: str) -> int:
    """A whole number of a row."""
    return int(str(row[name]))


def month(row: Row, name: str) -> str:
    """The month of a row, as 2026-01."""
    return _moment(row[name]).strftime("%Y-%m")


def weekday(row: Row, name: str) -> str:
    """The day of the week of a row, 1 for Monday."""
    return str(_moment(row[name]).isoweekday())


def grouped(rows: list[Row], key: Callable[[Row], str]) -> dict[str, list[Row]]:
    """The rows by key, keys in order."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return dict(sorted(found.items()))


def _moment(value: object) -> date:
    if isinstance(value, datetime | date):
        return value
    raise TypeError(f"no moment: {value!r}")
