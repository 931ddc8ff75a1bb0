"""`.dockerignore` as Docker reads it."""

from pathlib import Path

import pytest

from hmctl.errors import BadInput
from hmctl.packages import dockerignore, packing


@pytest.mark.parametrize(
    ("rules", "path", "skipped"),
    [
        ("*.log", "b.log", True),
        ("*.log", "a/b.log", False),
        ("**/*.log", "a/b.log", True),
        ("**/*.log", "b.log", True),
        ("/b.log", "b.log", True),
        ("./b.log", "b.log", True),
        ("data", "data/deep/x", True),
        ("data/", "data/x", True),
        ("data", "x/data", False),
        ("*/temp*", "a/temporary.txt", True),
        ("*/*/temp*", "a/temporary.txt", False),
        ("temp?", "tempa", True),
        ("a[0-9].txt", "a7.txt", True),
        ("a[^0-9].txt", "a7.txt", False),
        (r"a\*b", "a*b", True),
        (r"a\*b", "axb", False),
        ("*.md\n!README.md", "README.md", False),
        ("!README.md\n*.md", "README.md", True),
        ("docs\n!docs/keep.txt", "docs/keep.txt", False),
        ("docs\n!docs/keep.txt", "docs/other.txt", True),
        ("# docs\n\n  \n", "docs", False),
        ("*\n!src", "src/main.py", False),
        ("*\n!src", "other.py", True),
        ("a.b", "aXb", False),
        ("*", "Dockerfile", False),
        ("", ".dockerignore", True),
    ],
)
def test_patterns(rules: str, path: str, skipped: bool) -> None:
    assert dockerignore.parse(rules).skips(path) is skipped


def test_a_folder_is_looked_into_while_something_below_it_may_be_taken_back(tmp_path: Path) -> None:
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    for name in ("Dockerfile", "docs/keep.txt", "docs/other.txt", "docs/deep/x"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".dockerignore").write_text("Dockerfile\ndocs\n!docs/keep.txt\n")
    assert [file.path for file in packing.pack(tmp_path).files] == ["Dockerfile", "docs/keep.txt"]


def test_a_pattern_that_cannot_be_read_is_named() -> None:
    with pytest.raises(BadInput, match="pattern that cannot be read"):
        dockerignore.parse("a[z-a]b")
