"""Known answers, and whether a text gives them."""

import re
from dataclasses import dataclass

Cells = tuple[str, ...]
_NUMBER = re.compile(r"-?\d+(?:[,_'\u00a0\u202f]\d{3})*(?:\.\d+)?")
_SLACK = 0.011


@dataclass(frozen=True)
class Answer:
    """What has to stand in an answer: the cells of each row, together in one line."""

    rows: tuple[Cells, ...]

    def share_right(self, text: str) -> float:
        """The share of the rows that the text gives, between 0 and 1."""
        lines = text.splitlines()
        return sum(any(_gives(line, cells) for line in lines) for cells in self.rows) / len(self.rows)

    def is_given_by(self, text: str) -> bool:
        """Whether the text gives all of it."""
        return self.share_right(text) == 1.0


def _gives(line: str, cells: Cells) -> bool:
    numbers = [float(re.sub(r"[,_'\u00a0\u202f]", "", found)) for found in _NUMBER.findall(line)]
    for cell in cells:
        if _NUMBER.fullmatch(cell):
            near = next((one for one in numbers if abs(one - float(cell)) <= (_SLACK if "." in cell else 0)), None)
            if near is None:
                return False
            numbers.remove(near)
        elif cell.casefold() not in line.casefold():
            return False
    return True
