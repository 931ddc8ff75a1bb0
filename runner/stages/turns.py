"""What a stage may do at the run's desk while it is its turn."""

from collections.abc import Sequence
from typing import Any

from runner.artifacts import rules
from runner.artifacts.desk import Intake, Kept, NotText, ReportKept, TooLarge
from runner.artifacts.rendering.errors import RenderingFailed
from runner.artifacts.rendering.process import pdf_of
from runner.artifacts.rules import MARKDOWN_TYPE, PDF_TYPE
from runner.stages.desk import RunDesk, touching_rows

INSIDE = "/run/hive/in/artifacts"


class Turn:
    """One stage's turn: see `runner.artifacts.desk.QueryDesk` and `JudgeDesk`, whichever it is given as.

    `made_from` is what earlier turns have rendered: the Markdown file of each PDF that is ours.
    """

    def __init__(self, desk: RunDesk, *, made_from: dict[str, str] | None = None) -> None:
        self.home = desk.home
        self.made_from = dict(made_from or {})
        self._desk = desk
        desk.take_turn(self)

    def begin(self) -> Intake:
        """See `QueryDesk.begin`."""
        return self._desk.begin(self)

    def add_report(self, stem: str, /, *, markdown: str, with_pdf: bool) -> ReportKept:
        """See `QueryDesk.add_report`."""
        text = self._put(f"{stem}.md", markdown, content_type=MARKDOWN_TYPE)
        if not with_pdf:
            return ReportKept(text, None)
        try:
            return ReportKept(text, self._render(markdown, f"{stem}.pdf", text.filename))
        except (RenderingFailed, TooLarge) as error:
            return ReportKept(text, None, f"The PDF could not be made: {error}")

    def listing(self) -> Sequence[dict[str, Any]]:
        """See `JudgeDesk.listing`."""
        return [_listed(file) for file in self._desk.files()]

    @touching_rows
    def withhold(self, filename: str, /) -> Sequence[str]:
        """See `JudgeDesk.withhold`."""
        with self._desk.lock:
            self._desk.check(self)
            self._desk.file(filename)
            return [self._desk.drop(self, name) for name in (filename, *self._pdfs_of(filename))]

    def replace(self, filename: str, /, *, text: str) -> Sequence[dict[str, Any]]:
        """See `JudgeDesk.replace`."""
        content_type = self._desk.file(filename).content_type
        if not rules.is_text(content_type):
            raise NotText("Only text files can be replaced; withhold the file instead")
        pdfs = self._drop_pdfs(filename)  # they show the old text: whatever happens next, they go
        kept = [self._put(filename, text, content_type=content_type)]
        for pdf in pdfs:
            try:
                kept.append(self._render(text, pdf, filename))
            except (RenderingFailed, TooLarge):
                continue
        return [_listed(file) for file in kept]

    def _put(self, filename: str, text: str, *, content_type: str) -> Kept:
        return self._put_bytes(filename, text.encode("utf-8", "replace"), content_type=content_type)

    def _put_bytes(self, filename: str, content: bytes, *, content_type: str) -> Kept:
        intake = self.begin()
        intake.write(content)
        return intake.finish(filename, content_type=content_type)

    def _render(self, markdown: str, filename: str, source: str) -> Kept:
        with self._desk.rendering:
            self._desk.check(self)
            pdf = pdf_of(markdown)
        kept = self._put_bytes(filename, pdf, content_type=PDF_TYPE)
        with self._desk.lock:
            self.made_from[filename] = source
        return kept

    @touching_rows
    def _drop_pdfs(self, filename: str) -> list[str]:
        with self._desk.lock:
            return [self._desk.drop(self, name) for name in self._pdfs_of(filename)]

    def _pdfs_of(self, filename: str) -> list[str]:
        there = {file.filename for file in self._desk.files()}
        return [
            pdf for pdf, source in self.made_from.items() if source == filename and pdf in there and pdf != filename
        ]


def _listed(kept: Kept) -> dict[str, Any]:
    return {
        "filename": kept.filename,
        "content_type": kept.content_type,
        "size_bytes": kept.size_bytes,
        "sha256": kept.sha256,
        "path": f"{INSIDE}/{kept.filename}",
    }
