"""What the bridge asks of whoever keeps a run's files. Used from worker threads, several at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class FileRefused(Exception):
    """The file is not taken; the text is shown to the agent."""


class TooLarge(FileRefused):
    """The file, or all files of the run together, are larger than they may be, or too many."""


class DeskClosed(FileRefused):
    """The stage is over, or the run is."""


class NoSuchFile(FileRefused):
    """No file of this name waits."""


class NotText(FileRefused):
    """Only text may be rewritten."""


@dataclass(frozen=True)
class Kept:
    """A file that waits for the end of the run."""

    filename: str
    content_type: str
    size_bytes: int
    sha256: str
    path: str
    retention_seconds: int

    def as_answer(self) -> dict[str, Any]:
        """The answer to an upload."""
        return {
            "path": self.path,
            "size_bytes": self.size_bytes,
            "retention_seconds": self.retention_seconds,
            "error": None,
        }


@dataclass(frozen=True)
class ReportKept:
    """A report in its forms. `pdf` is None when none was wished or it could not be made, which `pdf_error` explains."""

    markdown: Kept
    pdf: Kept | None
    pdf_error: str = ""


class Intake(Protocol):
    """A file on its way in. Not finished, it is as if it had never begun."""

    def write(self, content: bytes, /) -> None:
        """More of it. Raises TooLarge, DeskClosed."""
        ...

    def finish(self, filename: str, /, *, content_type: str) -> Kept:
        """That was all; a file of the same name is replaced. Raises TooLarge, DeskClosed."""
        ...


class QueryDesk(Protocol):
    """Takes files from the query stage."""

    def begin(self) -> Intake:
        """A new file. Raises TooLarge when no more are taken, DeskClosed."""
        ...

    def add_report(self, stem: str, /, *, markdown: str, with_pdf: bool) -> ReportKept:
        """Keeps `stem`.md and, if it can be made, `stem`.pdf. Raises TooLarge, DeskClosed."""
        ...


class JudgeDesk(Protocol):
    """Shows the mediator what waits, and does what it decides. What it lets stand leaves with its answer."""

    def listing(self) -> Sequence[dict[str, Any]]:
        """Each file: `filename`, `content_type`, `size_bytes`, `sha256`, `path` (where its bytes are read)."""
        ...

    def withhold(self, filename: str, /) -> Sequence[str]:
        """Removes a file, and the PDF that was made from it; what is gone. Raises NoSuchFile, DeskClosed."""
        ...

    def replace(self, filename: str, /, *, text: str) -> Sequence[dict[str, Any]]:
        """Puts other text in its place; its PDF is made anew, or goes. What became of both, as in the listing.

        Raises NoSuchFile, NotText, TooLarge, DeskClosed.
        """
        ...
