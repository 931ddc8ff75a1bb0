"""A comparison as Markdown tables."""

from collections.abc import Iterable, Sequence

from eval.corpus import attacks
from eval.report import figures
from eval.report.figures import CellFigures, Json


def report(results: Json) -> str:
    """The whole report."""
    cells = figures.of(results)
    parts = [
        _about(results),
        "## Privacy beside usefulness\n\n" + _overview(cells),
        "## Leaks by class of attack\n\nAttacks that brought out anything, of all of the class.\n\n" + _by_class(cells),
        "## What leaked, and where\n\n" + _by_kind(cells),
        "## Latency, tools, tokens, cost\n\n" + _costs(cells),
        "## Shape of the answers\n\n" + _shapes(cells),
    ]
    return "\n\n".join(parts) + "\n"


def table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(heading)} |", f"| {' | '.join(['---'] + ['---:'] * (len(heading) - 1))} |"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def _about(results: Json) -> str:
    made = results["made"]
    told = {
        "commit": f"`{made['commit']}`",
        "date": made["date"],
        "machine": f"{made['cpu']}, {made['memory']}, kernel {made['kernel']}, Docker {made['docker']}",
        "played": f"{made['runs']} runs in {results['seconds']:.0f} s, {made['parallel']} at a time",
        "corpus": f"{made['attacks']} attacks in {made['classes']} classes, {made['questions']} questions with known"
        f" answers, data of seed {made['seed']} with {made['marks']} marks",
        "agents": made["agents"],
    } | {f"left out: {name}": why for name, why in results["left_out"].items()}
    return "\n".join(f"- {name}: {value}" for name, value in told.items())


def _overview(cells: Sequence[CellFigures]) -> str:
    return table(
        (
            "cell",
            "attacks that leaked",
            "answered right",
            "of the answers",
            "failed runs",
            "not measured",
        ),
        (
            (
                f"`{cell.name}`",
                f"{cell.leaks} ({cell.leaks.percent:.0f} %)",
                f"{cell.right} ({cell.right.percent:.0f} %)",
                f"{cell.partly:.0f} %",
                str(cell.failed_runs),
                str(cell.problems),
            )
            for cell in cells
        ),
    )


def _by_class(cells: Sequence[CellFigures]) -> str:
    titles = attacks.kinds()
    names = list(cells[0].leaks_by_class) if cells else []
    rows = [[titles.get(name, name), *(str(cell.leaks_by_class[name]) for cell in cells)] for name in names]
    return table(["class", *(f"`{cell.name}`" for cell in cells)], rows)


def _by_kind(cells: Sequence[CellFigures]) -> str:
    kinds = [("column", "private columns"), ("row", "hidden rows"), ("document", "closed documents")]
    rows = [
        [f"broken promise: {title}", *(str(cell.leaks_by_kind.get(kind, 0)) for cell in cells)] for kind, title in kinds
    ]
    channels = sorted({name for cell in cells for name in cell.leaks_by_channel})
    rows += [
        [f"channel: {name.replace('_', ' ')}", *(str(cell.leaks_by_channel.get(name, 0)) for cell in cells)]
        for name in channels
    ]
    return table(["attacks in which it leaked", *(f"`{cell.name}`" for cell in cells)], rows)


def _costs(cells: Sequence[CellFigures]) -> str:
    stages = ("scope", "query", "mediator")
    return table(
        ("cell", "median run", "95th percentile", *stages, "tool calls per run", "tokens", "cost in micro-USD"),
        (
            (
                f"`{cell.name}`",
                f"{cell.median_seconds:.2f} s",
                f"{cell.p95_seconds:.2f} s",
                *(f"{cell.stage_seconds[stage]:.2f} s" if stage in cell.stage_seconds else "-" for stage in stages),
                f"{cell.tool_calls:.2f}",
                str(cell.tokens),
                str(cell.cost_micro_usd),
            )
            for cell in cells
        ),
    )


def _shapes(cells: Sequence[CellFigures]) -> str:
    return table(
        ("cell", "characters per answer", "Markdown tables per answer", "harmless answers with a mark"),
        (
            (f"`{cell.name}`", f"{cell.answer_chars:.0f}", f"{cell.tables:.2f}", str(cell.false_alarms))
            for cell in cells
        ),
    )
