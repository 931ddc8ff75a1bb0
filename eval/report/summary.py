"""`summarize`: rows of run-room as one Markdown table."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from eval.errors import EvalError
from eval.grading.results import DIMENSIONS, standing

COLUMNS = ("scenario", "model", "run_id", "passed", "duration_s", *DIMENSIONS)


def read(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """The rows of several summary files. Raises EvalError for a file that is none."""
    rows: list[dict[str, Any]] = []
    for path in paths:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise EvalError(f"{path}: {problem}") from None
        if not isinstance(found, list) or not all(isinstance(row, dict) and "scenario" in row for row in found):
            raise EvalError(f"{path} is no summary of run-room")
        rows += found
    return rows


def table(rows: Iterable[dict[str, Any]]) -> str:
    """The Markdown table. Dimensions stand side by side; there is no total."""
    lines = [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
    for row in rows:
        told = standing(row.get("rubric") or [])
        seconds = row.get("duration_seconds")
        lines.append(
            _line(
                [
                    *(str(row.get(name, "-")) for name in ("scenario", "model", "run_id")),
                    "yes" if row.get("passed") else "no",
                    "-" if seconds is None else f"{seconds:.1f}",
                    *(told[name] for name in DIMENSIONS),
                ]
            )
        )
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"
