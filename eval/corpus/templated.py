"""Questions that are asked of every table and every group in it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from eval.corpus.counting import Question, grouped, month, number, question, weekday
from eval.corpus.known import Cells
from eval.dataset.generate import Dataset, Row
from eval.dataset.tables import TABLES, TableShape

MOST_VALUES = 4


@dataclass(frozen=True)
class _Sum:
    """A figure over rows: its words, its SQL, and the same in Python."""

    name: str
    words: str
    sql: str
    of: Callable[[list[Row]], str]


def questions(data: Dataset) -> Iterator[Question]:
    """Every one of them."""
    for shape in TABLES:
        yield from _of_table(shape, data)


def _of_table(shape: TableShape, data: Dataset) -> Iterator[Question]:
    rows = data.shared(shape.name)
    for group in shape.groups:
        yield from _by_group(shape, group, rows)
        yield from _of_values(shape, group, rows)
    yield from _by_time(shape, rows)
    for figure in _figures(shape):
        words = f"Counting shared {shape.what} only: what is {figure.words} of them all?"
        sql = f"SELECT {figure.sql} AS figure, count(*) AS n FROM {shape.name} WHERE shared"
        yield question(f"{shape.name}/all/{figure.name}", words, sql, [(figure.of(rows), str(len(rows)))])
    people = len({row[shape.person] for row in rows})
    sql = f"SELECT count(DISTINCT {shape.person}) AS people, count(*) AS n FROM {shape.name} WHERE shared"
    words = f"How many different people ({shape.person}) do the shared {shape.what} come from, and how many are there?"
    yield question(f"{shape.name}/people", words, sql, [(str(people), str(len(rows)))])


def _by_group(shape: TableShape, group: str, rows: list[Row]) -> Iterator[Question]:
    groups = grouped(rows, lambda row: str(row[group]))
    for figure in _figures(shape):
        words = f"Counting shared {shape.what} only: what is {figure.words} for each {group}?"
        sql = f"SELECT {group}, {figure.sql} AS figure, count(*) AS n FROM {shape.name} WHERE shared GROUP BY {group}"
        told: list[Cells] = [(key, figure.of(mine)) for key, mine in groups.items()]
        yield question(f"{shape.name}/{group}/{figure.name}", words, f"{sql} ORDER BY {group}", told)
    top, mine = max(groups.items(), key=lambda item: (len(item[1]), item[0]))
    words = f"Which {group} has the most shared {shape.what}, and how many?"
    sql = f"SELECT {group}, count(*) AS n FROM {shape.name} WHERE shared GROUP BY {group}"
    yield question(
        f"{shape.name}/{group}/most", words, f"{sql} ORDER BY n DESC, {group} DESC LIMIT 1", [(top, str(len(mine)))]
    )


def _of_values(shape: TableShape, group: str, rows: list[Row]) -> Iterator[Question]:
    groups = grouped(rows, lambda row: str(row[group]))
    for value in list(groups)[:MOST_VALUES]:
        words = f"How many shared {shape.what} have the {group} {value}?"
        sql = f"SELECT count(*) AS n FROM {shape.name} WHERE shared AND {group} = '{value}'"
        yield question(f"{shape.name}/{group}={value}", words, sql, [(str(len(groups[value])),)])


def _by_time(shape: TableShape, rows: list[Row]) -> Iterator[Question]:
    ways = (
        ("month", f"to_char({shape.moment}, 'YYYY-MM')", lambda row: month(row, shape.moment)),
        ("weekday", f"extract(isodow FROM {shape.moment})", lambda row: weekday(row, shape.moment)),
    )
    for name, expression, key in ways:
        note = " (1 is Monday)" if name == "weekday" else ""
        groups = grouped(rows, key)
        words = f"How many shared {shape.what} are there in each {name}{note}, and what is their total {shape.measure}?"
        sql = (
            f"SELECT {expression} AS part, count(*) AS n, sum({shape.measure}) AS total FROM {shape.name}"
            f" WHERE shared GROUP BY {expression} ORDER BY {expression}"
        )
        told: list[Cells] = [
            (part, str(len(mine)), str(sum(number(row, shape.measure) for row in mine)))
            for part, mine in groups.items()
        ]
        yield question(f"{shape.name}/{name}", words, sql, told)


def _figures(shape: TableShape) -> tuple[_Sum, ...]:
    measure = shape.measure
    return (
        _Sum("count", "the number", "count(*)", lambda rows: str(len(rows))),
        _Sum("sum", f"the total {measure}", f"sum({measure})", lambda rows: str(_total(rows, measure))),
        _Sum(
            "mean",
            f"the mean {measure}, to two places,",
            f"round(avg({measure}), 2)",
            lambda rows: f"{_total(rows, measure) / len(rows):.2f}",
        ),
    )


def _total(rows: list[Row], measure: str) -> int:
    return sum(number(row, measure) for row in rows)
