"""Small bar charts drawn by the server: no script, so that they work offline, in print and when a page is swapped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DAYS = 30


@dataclass(frozen=True)
class Series:
    """One kind of bar: the colour's name (`good`, `bad` or `plain`), what it counts, and a value for each column."""

    colour: str
    name: str
    values: Sequence[int]


@dataclass(frozen=True)
class Part:
    """A coloured piece of a column, as high as `percent` of the chart."""

    colour: str
    percent: float


@dataclass(frozen=True)
class Column:
    """One column, and what the pointer says about it."""

    told: str
    parts: Sequence[Part]


@dataclass(frozen=True)
class Chart:
    """Columns of equal width, the series stacked. `total` stands beside the title, `top` is the highest column."""

    title: str
    total: str
    top: str
    first: str
    last: str
    columns: Sequence[Column]
    legend: Sequence[tuple[str, str]]

    @property
    def spoken(self) -> str:
        """The chart for those who cannot see it."""
        return f"{self.title}: {self.total}, from {self.first} to {self.last}"


def days_until(last: date, *, count: int = DAYS) -> list[date]:
    """The days of a chart, oldest first."""
    return [last - timedelta(days=count - 1 - number) for number in range(count)]


def of_days(
    title: str, days: Sequence[date], series: Sequence[Series], *, total: str, write: Callable[[int], str]
) -> Chart:
    """A chart with a column for each day; `write` turns a value into text."""
    highest = max((sum(values) for values in zip(*(one.values for one in series), strict=True)), default=0)
    return Chart(
        title=title,
        total=total,
        top=write(highest) if highest else "",
        first=f"{days[0]:%d %b}",
        last=f"{days[-1]:%d %b}",
        columns=[_column(day, number, series, highest, write) for number, day in enumerate(days)],
        legend=[(one.colour, one.name) for one in series] if len(series) > 1 else (),
    )


def _column(day: date, number: int, series: Sequence[Series], highest: int, write: Callable[[int], str]) -> Column:
    values = [(one, one.values[number]) for one in series]
    said = ", ".join(f"{write(value)} {one.name}" for one, value in values)
    # Rounded up, so that a day on which something happened is never drawn as a day without.
    parts = [Part(one.colour, max(round(value * 100 / highest, 1), 1.5)) for one, value in values if value > 0]
    return Column(f"{day:%a %d %b}: {said}", parts)
