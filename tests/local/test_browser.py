"""Finding a browser for the tests."""

from pathlib import Path

import pytest

from hivemind.local import browser
from hivemind.local.errors import LocalError


def test_the_named_program_is_the_only_one_tried(tmp_path: Path) -> None:
    program = tmp_path / "chrome"
    assert browser.find({browser.VARIABLE: str(program)}) is None
    program.touch(mode=0o755)
    assert browser.find({browser.VARIABLE: str(program)}) == str(program)


def test_a_named_program_that_is_not_there_is_not_replaced_by_an_installed_one(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=browser.VARIABLE):
        browser.ensure({browser.VARIABLE: str(tmp_path / "chrome")})


def test_a_browser_is_found_in_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert browser.find({}) is None
    (tmp_path / "chromium-browser").touch(mode=0o755)
    assert browser.find({}) == str(tmp_path / "chromium-browser")
