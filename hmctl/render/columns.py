"""Plain tables and label lists: as wide as their content, nothing cut, the same in a pipe and on a screen."""

from collections.abc import Sequence

from hmctl import io


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns two blanks apart; the last one is not padded."""
    cells = [[io.one_line(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[index]) for row in cells) for index in range(len(header))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "\n".join(line.rstrip() for line in lines)


def labelled(pairs: Sequence[tuple[str, str]]) -> str:
    """`Label:  value` lines with the values in one column."""
    width = max((len(label) for label, _ in pairs), default=0) + 1
    return "\n".join(f"{label + ':':<{width}} {io.one_line(value, width=2000)}".rstrip() for label, value in pairs)


def quoted(text: str) -> str:
    """A longer text of somebody else, set off so that it cannot pass for the client's own words."""
    return "\n".join(f"  | {line}".rstrip() for line in io.visible(text).split("\n"))
