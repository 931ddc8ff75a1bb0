"""The view of a scope agent: everything that was read, unfiltered."""

from runner.scopefn import jsonrows
from runner.scopefn.answers import Allowed, Denied, Reading


class FullRead:
    """Shows every row of a reading. To be given only to a stage that may read its tables in full."""

    def __init__(self, *, output_chars: int = 1_000_000) -> None:
        self._output_chars = output_chars

    def show(self, reading: Reading) -> Allowed | Denied:
        """Return all rows as JSON text; denies only values that JSON can't hold."""
        rows = [dict(zip(reading.columns, row, strict=True)) for row in reading.rows]
        try:
            text, truncated = jsonrows.rows_to_json(rows, limit_chars=self._output_chars, cut=reading.cut)
        except (TypeError, ValueError, RecursionError):
            return Denied("the result can't be written as JSON")
        return Allowed(json_text=text, row_count=len(rows), truncated=truncated)
