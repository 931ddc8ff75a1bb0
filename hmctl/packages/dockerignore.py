"""`.dockerignore`: what an image's makers keep out of it stays at home here too. Docker's own pattern language.

Every pattern is tied to the top of the folder; `*` and `?` stay within a folder, `**` crosses folders; what is below a
folder that matches is out with it; `!` takes back in. The last pattern that matches decides.
"""

import posixpath
import re
from dataclasses import dataclass
from typing import Final

from hmctl.errors import BadInput

FILE_NAME: Final = ".dockerignore"


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    takes_back: bool

    def matches(self, path: str) -> bool:
        """Whether it means the path, or a folder that the path is in."""
        parts = path.split("/")
        return any(self.pattern.fullmatch("/".join(parts[:depth])) for depth in range(len(parts), 0, -1))


@dataclass(frozen=True)
class DockerIgnore:
    """The rules of one folder."""

    rules: tuple[_Rule, ...] = ()

    def skips(self, path: str, *, is_folder: bool = False) -> bool:
        """Whether the relative path (with `/`) stays out of the package; of a folder, whether all below it does."""
        if path == FILE_NAME:
            return True
        if path == "Dockerfile":
            return False  # the build needs it, so Docker sends it whatever the patterns say
        if is_folder and any(rule.takes_back for rule in self.rules):
            return False
        skipped = False
        for rule in self.rules:
            if skipped is rule.takes_back and rule.matches(path):
                skipped = not rule.takes_back
        return skipped


def parse(text: str) -> DockerIgnore:
    """The rules of an ignore file (BadInput for a pattern that cannot be read)."""
    lines = (line.strip() for line in text.removeprefix("\ufeff").splitlines())
    return DockerIgnore(tuple(_rule(line) for line in lines if line and not line.startswith("#")))


def _rule(line: str) -> _Rule:
    takes_back = line.startswith("!")
    body = posixpath.normpath(line.removeprefix("!").strip()).lstrip("/")
    if body in ("", "."):
        body = "**"
    try:
        return _Rule(re.compile(_regex(body)), takes_back)
    except re.error:
        raise BadInput(f"{FILE_NAME} has a pattern that cannot be read: {line[:80]!r}") from None


def _regex(body: str) -> str:
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\]|\\.)", body)
    return "".join(_part(part, known) for part in parts)


def _part(part: str, known: dict[str, str]) -> str:
    if part.startswith("[") and part.endswith("]") and len(part) > 2:
        negated = part.startswith("[^")
        chars = re.sub(r"([\\\[&~|^])", r"\\\1", part[2 if negated else 1 : -1])
        return f"[^{chars}]" if negated else f"[{chars}]"
    if part.startswith("\\") and len(part) == 2:
        return re.escape(part[1])
    return known.get(part, re.escape(part))
