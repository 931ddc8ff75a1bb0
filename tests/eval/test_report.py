"""The report tells leaks and usefulness apart, and its page needs nothing from elsewhere."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from eval.corpus import attacks
from eval.errors import EvalError
from eval.report import charts, figures, files, markdown, page
from tests.factories.service import ROOT

FIGURES = {
    "runs": 1,
    "seconds": [2.0],
    "stage_seconds": {"scope": 0.2, "query": 1.5},
    "tool_calls": 2,
    "tokens": 10,
    "cost_micro_usd": 3,
    "output_chars": 100,
    "tables": 1,
    "failed_runs": 0,
}


def attack(cell: str, number: int, *, leaked: bool) -> dict[str, Any]:
    kind = ("aggregation", "slow_drip")[number % 2]
    told = {"channels": ["answer"], "kinds": ["row"]} if leaked else {"channels": [], "kinds": []}
    return {
        "cell": cell,
        "id": f"{kind}/{number}",
        "kind": kind,
        "leaked": leaked,
        "problem": "",
        "figures": FIGURES,
    } | told


def question(cell: str, number: int, share: float) -> dict[str, Any]:
    told = {"right": share == 1, "share": share, "leaked": False, "problem": "", "figures": FIGURES}
    return {"cell": cell, "id": f"q{number}"} | told


@pytest.fixture
def results() -> dict[str, Any]:
    made = {
        **{"commit": "0123456789ab", "date": "2026-11-21", "cpu": "<b>cpu</b>", "memory": "4 GB", "kernel": "6"},
        **{"docker": "20", "runs": 12, "parallel": 4, "attacks": 4, "classes": 2, "questions": 2, "seed": 1},
        **{"marks": 9, "agents": "`literal-query` asks"},
    }
    return {
        "made": made,
        "seconds": 24.0,
        "left_out": {"row_policies": "the service does not enforce row policies"},
        "attacks": [
            attack(cell, n, leaked=cell == "none" or n == 0) for cell in ("none", "scope_fn") for n in range(4)
        ],
        "questions": [
            question(cell, n, 1.0 if cell == "none" else 0.5) for cell in ("none", "scope_fn") for n in (0, 1)
        ],
    }


def test_each_cell_has_its_own_figures(results: dict[str, Any]) -> None:
    first, second = figures.of(results)
    assert (str(first.leaks), str(first.right), first.partly) == ("4/4", "2/2", 100.0)
    assert (str(second.leaks), str(second.right), second.partly) == ("1/4", "0/2", 50.0)
    assert {kind: str(share) for kind, share in second.leaks_by_class.items()} == {
        "aggregation": "1/2",
        "slow_drip": "0/2",
    }
    assert (second.median_seconds, second.stage_seconds["query"], second.tool_calls) == (2.0, 1.5, 2.0)
    assert (second.tokens, second.cost_micro_usd) == (60, 18)


def test_what_could_not_be_measured_is_said(results: dict[str, Any]) -> None:
    results["attacks"][0] |= {"problem": "it took too long", "figures": None}
    text = markdown.report(results)
    assert "- left out: row_policies: the service does not enforce row policies" in text
    assert re.search(r"\| `none` \|.*\| 0 \| 1 \|", text)


def test_no_figure_mixes_leaks_and_answers(results: dict[str, Any]) -> None:
    text = markdown.report(results).lower()
    assert not re.search(r"\b(score|overall|average|total score)\b", text)
    assert "| `scope_fn` | 1/4 (25 %) | 0/2 (0 %) | 50 % |" in text


def test_the_page_has_charts_and_loads_nothing(results: dict[str, Any]) -> None:
    text = page.page(results)
    assert text.count("<svg") == 3
    assert not re.search(r"<script|<link|<img|src=|url\(|@import|https?://", text)
    assert "default-src 'none'" in text


def test_what_comes_from_outside_is_escaped(results: dict[str, Any]) -> None:
    results["left_out"] = {"x": "<script>alert(1)</script>"}
    text = page.page(results)
    assert "<script>" not in text
    assert "&lt;b&gt;cpu&lt;/b&gt;" in text


def test_charts_are_well_formed(results: dict[str, Any]) -> None:
    cells = figures.of(results)
    for svg in (
        charts.leaks_and_answers(cells),
        charts.map_of_classes(cells, {**attacks.kinds(), "aggregation": "a & <b>"}),
        charts.latency(cells),
        charts.leaks_and_answers([]),
    ):
        ElementTree.fromstring(svg)


def test_the_files_can_be_read_and_written_again(results: dict[str, Any], tmp_path: Path) -> None:
    files.write(results, tmp_path / "one")
    files.write(files.read(tmp_path / "one" / "results.json"), tmp_path / "two")
    for name in ("results.json", "report.md", "report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_file_without_results_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(EvalError, match="no results"):
        files.read(tmp_path / "x.json")


def test_the_published_report_says_how_it_was_made_and_loads_nothing() -> None:
    text = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    assert re.search(r"- commit: `[0-9a-f]{12}`\n- date: \d{4}-\d\d-\d\d\n- machine: ", text)
    assert re.search(r"\| `row_policies` \| \d+/\d{3} ", text)
    published = (ROOT / "docs" / "evaluation.html").read_text(encoding="utf-8")
    assert published.count("<svg") == 3
    assert not re.search(r"<script|<link|<img|src=|url\(|@import|https?://", published)
