"""The default mediator and the files that a query agent left: checked like the answer, or kept back."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from runner.artifacts.desk import NoSuchFile, NotText
from tests.agents.default.scripted import AGENTS, say, stage

AGENT = AGENTS / "default-mediator"
FAILED = "The answer could not be checked against the room's rules, so it is not shown.\n"


@dataclass
class Desk:
    """What waits: content by name. A PDF of a Markdown file's name is made from it."""

    folder: Path
    files: dict[str, bytes] = field(default_factory=dict)
    refuses: bool = False

    def put(self, name: str, content: bytes) -> None:
        self.files[name] = content
        (self.folder / name).write_bytes(content)

    def listing(self) -> list[dict[str, Any]]:
        return [self._listed(name) for name in self.files]

    def withhold(self, filename: str) -> list[str]:
        if filename not in self.files:
            raise NoSuchFile("no such file")
        gone = [filename, *self._pdf_of(filename)]
        for name in gone:
            del self.files[name]
        return gone

    def replace(self, filename: str, *, text: str) -> list[dict[str, Any]]:
        if self.refuses:
            raise NotText("not this one")
        self.files[filename] = text.encode()
        for pdf in self._pdf_of(filename):
            self.files[pdf] = b"%PDF of " + text.encode()
        return [self._listed(name) for name in (filename, *self._pdf_of(filename))]

    def _pdf_of(self, filename: str) -> list[str]:
        made = filename.removesuffix(".md") + ".pdf"
        return [made] if filename.endswith(".md") and made in self.files else []

    def _listed(self, name: str) -> dict[str, Any]:
        kinds = {"md": "text/markdown; charset=utf-8", "json": "application/json", "pdf": "application/pdf"}
        kind = kinds.get(name.rpartition(".")[2], "application/octet-stream")
        path = str(self.folder / name)
        return {"filename": name, "content_type": kind, "size_bytes": 1, "sha256": "0" * 64, "path": path}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def judged(desk: Desk, *said: str, **inputs: str) -> tuple[int, str]:
    """Exit code and output of a mediator whose model says this: about the answer first, then about each text."""
    with stage("mediator", judge=desk) as room:
        say(room.upstream, *said)
        given = {"RAW_OUTPUT": "raw", "HIVEMIND_ARTIFACTS_DIR": str(desk.folder)} | inputs
        done = room.run(AGENT, **given)
        assert "canary" not in done.stdout + done.stderr
        return done.returncode, done.stdout


def test_texts_leave_as_the_model_lets_them_and_their_pdf_is_made_anew(desk: Desk) -> None:
    desk.put("report.pdf", b"%PDF canary")
    desk.put("report.md", b"# canary")
    desk.put("rows.json", b'["canary"]')
    assert judged(desk, "answer", "# clean", "[]") == (0, "answer\n")
    assert desk.files == {"report.md": b"# clean", "report.pdf": b"%PDF of # clean", "rows.json": b"[]"}


def test_what_is_no_text_stays(desk: Desk) -> None:
    desk.put("lone.pdf", b"%PDF canary")
    desk.put("data.bin", b"canary")
    desk.put("broken.json", b"\xff\xfe canary")
    desk.put("large.md", b"canary " * 60_000)
    desk.put("empty.md", b"")
    assert judged(desk, "answer") == (0, "answer\n")
    assert desk.files == {}


@pytest.mark.parametrize("said", ["", "WITHHELD"])
def test_a_text_that_the_model_does_not_let_through_stays(desk: Desk, said: str) -> None:
    desk.put("a.md", b"canary")
    desk.put("b.md", b"fine")
    code, _ = judged(desk, "answer", said, "fine")
    assert (code, desk.files) == (0, {"b.md": b"fine"})


@pytest.mark.parametrize("said", ["", "WITHHELD"])
def test_no_file_leaves_without_the_answer(desk: Desk, said: str) -> None:
    desk.put("report.md", b"canary")
    desk.put("report.pdf", b"%PDF canary")
    code, _ = judged(desk, said, "# clean")
    assert (code, desk.files) == (0, {})


def test_a_text_that_cannot_be_replaced_stays(desk: Desk) -> None:
    desk.refuses = True
    desk.put("report.md", b"canary")
    assert judged(desk, "answer", "# clean") == (0, "answer\n")
    assert desk.files == {}


def test_files_that_can_neither_be_checked_nor_kept_back_end_the_run(desk: Desk) -> None:
    with stage("mediator") as room:  # a bridge that knows no files
        say(room.upstream, "answer")
        done = room.run(AGENT, RAW_OUTPUT="raw", HIVEMIND_ARTIFACTS_DIR=str(desk.folder))
        assert (done.returncode, done.stdout) == (1, "")


def test_without_the_model_harmless_texts_pass_and_others_are_still_kept_back(desk: Desk) -> None:
    desk.put("report.md", b"fine")
    desk.put("data.bin", b"canary")
    assert judged(desk, HIVEMIND_MEDIATOR_ALWAYS_LLM="false") == (0, "raw\n")
    assert desk.files == {"report.md": b"fine"}
