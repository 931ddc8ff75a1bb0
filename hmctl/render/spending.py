"""Thirty days of spending as columns on a screen that can show them."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from rich.console import Console
from rich.text import Text

from hmctl.render import units

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"
_ROWS: Final = 4


def draw(days: Sequence[tuple[date, int]], *, width: int) -> None:
    """Draws on stdout."""
    console = Console(highlight=False, width=width)
    for line in lines(days, width=width):
        console.print(line, no_wrap=True, overflow="crop")


def lines(days: Sequence[tuple[date, int]], *, width: int) -> list[Text]:
    """A heading, the columns with their scale, and the first and last day below."""
    total, highest = sum(spent for _, spent in days), max((spent for _, spent in days), default=0)
    heading = Text(f"Spent in the last {len(days)} days: {units.micro_usd(total)}", style="bold")
    if highest <= 0:
        return [heading]
    scale = [units.micro_usd(highest), *[""] * (_ROWS - 2), units.micro_usd(0)]
    margin = max(len(mark) for mark in scale) + 2
    step = 2 if margin + 2 * len(days) <= width else 1
    drawn = [heading]
    for row, mark in enumerate(scale):
        base = (_ROWS - 1 - row) * 8
        cells = (_EIGHTHS[min(8, max(0, _height(spent, highest) - base))] for _, spent in days)
        line = Text(f"{mark:>{margin - 2}} ┤", style="dim")
        drawn.append(line.append("".join(cell.ljust(step) for cell in cells).rstrip(), style="not dim cyan"))
    first, last = days[0][0].isoformat(), days[-1][0].isoformat()
    gap = max(1, step * len(days) - len(first) - len(last))
    drawn.append(Text(" " * margin + first + " " * gap + last, style="dim"))
    return drawn


def _height(spent: int, highest: int) -> int:
    eighths = _ROWS * 8
    return max(1, round(spent * eighths / highest)) if spent > 0 else 0
