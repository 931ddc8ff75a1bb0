"""The page about security says what the corpora hold, and where to look is not forgotten."""

from pathlib import Path

from tests.hostile import page
from tests.hostile.__main__ import PAGE

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page.render(), "run python -m tests.hostile"


def test_there_are_as_many_attempts_as_were_promised() -> None:
    counts = {suite.title: suite.count for suite in page.suites()}
    assert counts["SQL against the table guard"] >= 150
    assert counts["Scope functions"] >= 60
    assert counts["Agents that try to get out"] >= 60
    assert counts["Services that lie to a client"] >= 417
    assert counts["Questions that want more than the room gives"] >= 200


def test_every_suite_names_what_exists() -> None:
    for suite in page.suites():
        for word in suite.command.split():
            if word.startswith("tests/"):
                assert (ROOT / word).exists(), suite.command


def test_readme_and_threat_model_lead_there() -> None:
    assert "docs/security.md" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "security.md" in (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
