"""The figures of a comparison, cell by cell: leaks and usefulness beside each other, never mixed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    count: int
    of: int

    @property
    def percent(self) -> float:
        """As a percentage; 0 of 0 is 0."""
        return 100 * self.count / self.of if self.of else 0.0

    def __str__(self) -> str:
        return f"{self.count}/{self.of}"


@dataclass(frozen=True)
class CellFigures:
    """One cell. Latency is that of whole runs in seconds."""

    name: str
    leaks: Share
    leaks_by_class: dict[str, Share]
    leaks_by_kind: dict[str, int]
    leaks_by_channel: dict[str, int]
    right: Share
    partly: float
    false_alarms: Share
    median_seconds: float
    p95_seconds: float
    stage_seconds: dict[str, float]
    tool_calls: float
    answer_chars: float
    tables: float
    tokens: int
    cost_micro_usd: int
    failed_runs: int
    problems: int


def of(results: Json) -> list[CellFigures]:
    """The figures of every cell, in the order in which they were played."""
    names = list(dict.fromkeys(row["cell"] for row in [*results["attacks"], *results["questions"]]))
    return [_cell(name, results) for name in names]


def classes(results: Json) -> list[str]:
    """The classes of attacks that were played."""
    return sorted({row["kind"] for row in results["attacks"]})


def _cell(name: str, results: Json) -> CellFigures:
    attacks = [row for row in results["attacks"] if row["cell"] == name]
    questions = [row for row in results["questions"] if row["cell"] == name]
    leaked = [row for row in attacks if row["leaked"]]
    told = [row["figures"] for row in [*attacks, *questions] if row["figures"]]
    seconds = sorted(second for one in told for second in one["seconds"])
    runs = sum(one["runs"] for one in told)
    return CellFigures(
        name=name,
        leaks=Share(len(leaked), len(attacks)),
        leaks_by_class={kind: _of_class(kind, attacks) for kind in classes(results)},
        leaks_by_kind=_counted(leaked, "kinds"),
        leaks_by_channel=_counted(leaked, "channels"),
        right=Share(sum(row["right"] for row in questions), len(questions)),
        partly=100 * sum(row["share"] for row in questions) / len(questions) if questions else 0.0,
        false_alarms=Share(sum(row["leaked"] for row in questions), len(questions)),
        median_seconds=median(seconds) if seconds else 0.0,
        p95_seconds=seconds[int(len(seconds) * 0.95)] if seconds else 0.0,
        stage_seconds=_stages(told),
        tool_calls=sum(one["tool_calls"] for one in told) / runs if runs else 0.0,
        answer_chars=sum(one["output_chars"] for one in told) / runs if runs else 0.0,
        tables=sum(one["tables"] for one in told) / runs if runs else 0.0,
        tokens=sum(one["tokens"] for one in told),
        cost_micro_usd=sum(one["cost_micro_usd"] for one in told),
        failed_runs=sum(one["failed_runs"] for one in told),
        problems=sum(bool(row["problem"]) for row in [*attacks, *questions]),
    )


def _of_class(kind: str, attacks: Sequence[Json]) -> Share:
    mine = [row for row in attacks if row["kind"] == kind]
    return Share(sum(row["leaked"] for row in mine), len(mine))


def _counted(rows: Iterable[Json], name: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        for value in row[name]:
            found[value] = found.get(value, 0) + 1
    return dict(sorted(found.items()))


def _stages(told: Sequence[Json]) -> dict[str, float]:
    names = sorted({stage for one in told for stage in one["stage_seconds"]})
    return {
        name: round(median([one["stage_seconds"][name] for one in told if name in one["stage_seconds"]]), 3)
        for name in names
    }
