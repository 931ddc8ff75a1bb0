"""Tables as CSV files, sent while they are read, so that their size costs no memory.

A cell of text that a spreadsheet would take for a formula is written with an apostrophe in front (OWASP, CSV
injection), and whatever looks like a bearer is struck out.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from django.http import StreamingHttpResponse

from hivemind.kit import bearers

Cell = str | int | Decimal | datetime | None
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class _Line:
    """What the writer of the standard library writes to: it hands the line back instead of keeping it."""

    def write(self, text: str) -> str:
        """The line itself."""
        return text


def answer(filename: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> StreamingHttpResponse:
    """The download `filename` (plain ASCII without quotes) of `rows` below `header`."""
    response = StreamingHttpResponse(lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def lines(header: Sequence[str], rows: Iterable[Sequence[Cell]], *, bearers_too: bool = False) -> Iterator[str]:
    """The lines of the file. `bearers_too` leaves bearers as they are, for the one file that hands them over."""
    writer = csv.writer(_Line())
    yield writer.writerow(header)
    for row in rows:
        yield writer.writerow([written(cell, bearers_too=bearers_too) for cell in row])


def written(cell: Cell, *, bearers_too: bool = False) -> str:
    """A cell as text that no spreadsheet calculates."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    if isinstance(cell, int):
        return str(cell)
    text = cell if bearers_too else bearers.struck(cell)
    return f"'{text}" if text.startswith(STARTS_A_FORMULA) else text
