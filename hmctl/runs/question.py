"""The question: an argument, a file, or stdin."""

import sys
from dataclasses import dataclass
from pathlib import Path

from hmctl.errors import BadInput, BadUsage


@dataclass(frozen=True)
class Question:
    """The text and whether stdin was spent on it."""

    text: str
    from_stdin: bool = False


def read(argument: str | None, file: Path | None) -> Question:
    """The question from exactly one source; `-` means stdin (BadUsage, BadInput)."""
    if (argument is None) == (file is None):
        raise BadUsage("give the question as an argument, as - for stdin, or with --question-file")
    if file is not None:
        return _checked(Question(text_of(file)))
    if argument == "-":
        return _checked(Question(stdin_text(), from_stdin=True))
    return _checked(Question(argument or ""))


def text_of(file: Path) -> str:
    """A UTF-8 file's text (BadInput)."""
    try:
        return file.read_bytes().decode("utf-8")
    except OSError as problem:
        raise BadInput(f"cannot read {file}: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{file} is not UTF-8 text") from None


def stdin_text() -> str:
    """All of stdin as UTF-8 text (BadInput)."""
    try:
        return sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput("stdin is not UTF-8 text") from None


def _checked(question: Question) -> Question:
    if not question.text.strip():
        raise BadInput("the question is empty")
    return question
