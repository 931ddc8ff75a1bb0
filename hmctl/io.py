"""Data goes to stdout, every other voice to stderr.

A text from the other party never reaches a terminal with its control characters working: it could repaint what was
shown before. Nor with characters that nobody sees: a model reads instructions in them that a person could not agree to.
"""

import json
import sys
import unicodedata
from typing import Final

import click

from hmctl.errors import Declined, HmctlError

UNVERIFIED: Final = "NOT VERIFIED: "
_KEPT: Final = frozenset("\n\t")
_JOINERS: Final = frozenset("\u200c\u200d")  # part of how some scripts and symbols are written
_UNSEEN: Final = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x3164, 0xFFA0, *range(0x180B, 0x1810), *range(0xFE00, 0xFE0E)))
) | frozenset(map(chr, range(0xE0100, 0xE01F0)))


def visible(text: str) -> str:
    """The text with characters that steer, reorder or cannot be seen spelled out instead of obeyed."""
    return "".join(_shown(ch) for ch in text.replace("\r\n", "\n"))


def one_line(text: str, *, width: int = 200) -> str:
    """The first `width` characters on one line, safe to show."""
    flat = " ".join(visible(text).split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


def _shown(ch: str) -> str:
    if ch in _KEPT:
        return ch
    hides = ch in _UNSEEN or unicodedata.category(ch) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    if not hides or ch in _JOINERS:
        return ch
    return f"\\x{ord(ch):02x}" if ord(ch) < 256 else f"\\u{ord(ch):04x}"


class Terminal:
    """The two streams of one command. `plain` switches colour off even where the stream could show it.

    `unverified` puts a red mark before every line of stderr, and `"verification": "skipped"` into every JSON object:
    the user switched the checks off.
    """

    def __init__(self, *, verbose: bool = False, plain: bool = False, unverified: bool = False) -> None:
        self.verbose = verbose
        self.plain = plain
        self.unverified = unverified
        self._color = False if plain else None

    @property
    def is_live(self) -> bool:
        """Whether a person watches stderr."""
        return sys.stderr.isatty()

    @property
    def draws(self) -> bool:
        """Whether stdout is a screen that shows colours and block characters."""
        encoding = (getattr(sys.stdout, "encoding", None) or "").lower().replace("-", "")
        return sys.stdout.isatty() and not self.plain and encoding.startswith("utf")

    def data(self, text: str = "") -> None:
        """One block of human-readable data."""
        click.echo(visible(text), color=self._color)

    def answer(self, text: str) -> None:
        """A text that was asked for: untouched for a pipe or file, made harmless for a terminal."""
        shown = visible(text) if sys.stdout.isatty() else text
        click.echo(shown, nl=not shown.endswith("\n"), color=True)  # which only means: takes nothing out

    def file(self, content: bytes) -> None:
        """A UTF-8 file that was asked for: byte for byte for a pipe or file, made harmless for a terminal."""
        if sys.stdout.isatty():
            click.echo(visible(content.decode("utf-8", "backslashreplace")), nl=False)
        else:
            click.echo(content, nl=False)

    def document(self, value: object) -> None:
        """One JSON document."""
        click.echo(json.dumps(self._told(value), indent=2))

    def line_document(self, value: object) -> None:
        """One JSON document on one line."""
        click.echo(json.dumps(self._told(value)))

    def say(self, text: str) -> None:
        """Progress or an explanation."""
        self._voice(text)

    def block(self, text: str) -> None:
        """An explanation in lines of our own; whatever is somebody else's in it was made harmless line by line."""
        click.echo(self._marked(visible(text)), err=True, color=self._color)

    def success(self, text: str) -> None:
        """Something was checked or done."""
        self._voice(text, mark="✓ ", fg="green")

    def warn(self, text: str) -> None:
        """Something the user should know before trusting the result."""
        self._voice(text, mark="warning: ", fg="yellow")

    def alarm(self, text: str) -> None:
        """Something that weakens every promise of this command."""
        self._voice(text, mark="!! ", fg="red", bold=True)

    def trace(self, text: str) -> None:
        """A line for --verbose."""
        if self.verbose:
            self._voice(text, mark=". ", dim=True)

    def show_error(self, problem: HmctlError) -> None:
        """An error and what to do about it."""
        self._voice(problem.message, mark="error: ", fg="red")
        if problem.hint:
            self._voice(problem.hint, mark="hint: ")

    def confirm(self, question: str, *, otherwise: str) -> None:
        """Asks on stderr, default no; anything but yes raises Declined with `otherwise` as the hint."""
        try:
            agreed = click.confirm(self._marked(visible(question)), default=False, err=True)
        except click.Abort:
            click.echo(err=True)
            raise Declined("nobody was there to answer", hint=otherwise) from None
        if not agreed:
            raise Declined("declined", hint=otherwise)

    def hidden(self, prompt: str) -> str:
        """Reads one line without echo when typed, or plainly when piped."""
        if sys.stdin.isatty():
            return str(click.prompt(self._marked(prompt), hide_input=True, err=True)).strip()
        return sys.stdin.readline().strip()

    def _voice(
        self, text: str, *, mark: str = "", fg: str | None = None, bold: bool = False, dim: bool = False
    ) -> None:
        styled = click.style(mark, fg=fg, bold=bold or None, dim=dim or None) if mark else ""
        told = visible(text).replace("\n", "\n  ")  # no line of it passes for one of ours
        click.echo(self._marked(styled + told), err=True, color=self._color)

    def _told(self, value: object) -> object:
        return {**value, "verification": "skipped"} if self.unverified and isinstance(value, dict) else value

    def _marked(self, text: str) -> str:
        if not self.unverified:
            return text
        mark = click.style(UNVERIFIED, fg="red", bold=True)
        return "\n".join(mark + line for line in text.split("\n"))
