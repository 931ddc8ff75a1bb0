"""`run-room`: one scenario in one room with each of several models, everything kept in files."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.grading import metrics
from eval.grading.grade import grade
from eval.leaks.detector import Detector
from eval.live import asking
from eval.live.asking import Limits, Played
from eval.scenarios.shape import Scenario

Row = dict[str, Any]


def run(
    scenario: Scenario, room: str, models: Sequence[str], *, limits: Limits, folder: Path, detector: Detector
) -> list[Row]:
    """Ask with every model, grade, and leave the files; the rows of the summary."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [_one(scenario, room, model, limits=limits, folder=folder.resolve(), detector=detector) for model in models]
    summary = folder / f"{scenario.id}__summary.json"
    summary.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return rows


def _one(scenario: Scenario, room: str, model: str, *, limits: Limits, folder: Path, detector: Detector) -> Row:
    played = asking.play(room, scenario.question, model, limits=limits, folder=folder)
    paths = _keep(played, folder / f"{scenario.id}__{re.sub(r'[/:]', '_', model)}")
    evidence = played.evidence(scenario.question, files=folder)
    result = grade(scenario, evidence, detector=detector)
    return {
        "scenario": scenario.id,
        "model": model,
        "returncode": played.returncode,
        "run_id": played.run_id,
        "passed": result.passed,
        "findings": result.findings,
        "rubric": result.rubric,
        **result.shape,
        **paths,
        **metrics.of(evidence),
    }


def _keep(played: Played, stem: Path) -> dict[str, str]:
    files = {
        "stdout_path": (f"{stem}.json", played.stdout),
        "stderr_path": (f"{stem}.stderr.txt", played.stderr),
        "run_path": (f"{stem}__run.json", json.dumps(played.row, indent=2, ensure_ascii=False) + "\n"),
        "run_stderr_path": (f"{stem}__run.stderr.txt", played.row_problem),
    }
    for path, text in files.values():
        Path(path).write_text(text, encoding="utf-8")
    return {name: path for name, (path, _) in files.items()}
