"""What files may be called, and which answers are reports."""

import pytest

from runner.artifacts import reports, rules

LONG = "word " * 500


@pytest.mark.parametrize(
    ("text", "prompt", "expected"),
    [
        ("# Title\n" + LONG, "write a report", True),
        ("# Title\n" + LONG, "a PDF please", True),
        ("# Title\n" + LONG, "what changed?", False),
        ("# Title\n" + "word " * 400, "write a report", False),
        (LONG, "write a report", False),
        (LONG + " Findings ... Limitations", "analysis", True),
        (LONG + " Findings", "analysis", False),
    ],
)
def test_an_answer_is_a_report_when_one_was_asked_for_and_it_looks_like_one(
    text: str, prompt: str, expected: bool
) -> None:
    assert reports.is_report(text, prompt=prompt) is expected


@pytest.mark.parametrize(
    "prompt",
    [
        "../../etc/passwd",
        "a..b",
        "Été à Zürich: report!",
        "\u0000\n",
        "",
        "日本",
        "x" * 500,
        "-.-",
        "Report: A & B / C",
    ],
)
def test_any_question_gives_a_name_that_is_one(prompt: str) -> None:
    stem = reports.stem_for(prompt)
    assert rules.is_name(f"{stem}.md") and rules.is_name(f"{stem}.pdf")
    assert len(stem) <= 80


def test_a_name_is_made_of_the_questions_words() -> None:
    assert reports.stem_for("Été à Zürich: a report!") == "ete-a-zurich-a-report"


@pytest.mark.parametrize(
    ("given", "served"),
    [
        ("text/csv", "text/csv"),
        ("text/markdown; charset=utf-8", "text/markdown; charset=utf-8"),
        ('a/b; c="d e"', 'a/b; c="d e"'),
        ("text", "application/octet-stream"),
        ("text/html\u00e9", "application/octet-stream"),
        ("text/plain; x", "application/octet-stream"),
    ],
)
def test_only_what_is_a_content_type_is_served_as_one(given: str, served: str) -> None:
    assert rules.header_type(given) == served


@pytest.mark.parametrize(("kind", "expected"), [("text/csv", True), ("application/json", True), ("image/png", False)])
def test_which_files_are_text(kind: str, expected: bool) -> None:
    assert rules.is_text(kind) is expected
