"""What a view of the data says to one read: the rows as text, or no."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Allowed:
    """Rows that may be shown. ``row_count`` is before truncation; ``json_text`` is what the agent reads."""

    json_text: str
    row_count: int
    truncated: bool


@dataclass(frozen=True, slots=True)
class Denied:
    """Nothing may be shown.

    ``reason`` is safe for a participant; ``detail`` may quote data and is for the author.
    """

    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One read as it happened: the text sent, the values bound, the columns and rows that came.

    Column names are distinct. ``cut`` says that there were more rows than these.
    """

    sql: str
    params: Sequence[object]
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    cut: bool = False


class View(Protocol):
    """Decides what an agent sees of a reading."""

    def show(self, reading: Reading) -> Allowed | Denied:
        """Return the text to show, or a denial; never raises for anything that a reading may contain."""
        ...
