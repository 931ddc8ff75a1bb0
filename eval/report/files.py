"""The files of a comparison: results.json, report.md and report.html."""

import json
from pathlib import Path

from eval.errors import EvalError
from eval.report import markdown, page
from eval.report.figures import Json


def write(results: Json, folder: Path) -> None:
    """Leave all three in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "results.json": json.dumps(results, ensure_ascii=False, indent=1) + "\n",
        "report.md": markdown.report(results),
        "report.html": page.page(results),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def read(path: Path) -> Json:
    """The results in a file. Raises EvalError when it has none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise EvalError(f"{path}: {problem}") from None
    if not isinstance(found, dict) or not {"made", "attacks", "questions"} <= found.keys():
        raise EvalError(f"{path} holds no results of a comparison")
    return found
