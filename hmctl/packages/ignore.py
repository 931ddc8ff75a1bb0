"""`.hmignore`: which files of an agent stay at home. The usual pattern language, without its corners.

One pattern per line; `#` starts a comment; `*` and `?` stay within a folder, `**` crosses folders; a slash at
the end means folders only, a slash elsewhere ties the pattern to the top; `!` takes a file back in.
"""

import re
from dataclasses import dataclass
from typing import Final

FILE_NAME: Final = ".hmignore"
ALWAYS_SKIPPED: Final = frozenset({"__pycache__", ".git", ".venv", "node_modules"})


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    folders_only: bool
    takes_back: bool


@dataclass(frozen=True)
class IgnoreRules:
    """The rules of one folder. The last rule that matches a path decides."""

    rules: tuple[_Rule, ...] = ()

    def skips(self, path: str, *, is_folder: bool) -> bool:
        """Whether the relative path (with `/`) stays out of the package."""
        name = path.rpartition("/")[2]
        if name in ALWAYS_SKIPPED or path == FILE_NAME:
            return True
        skipped = False
        for rule in self.rules:
            if (is_folder or not rule.folders_only) and rule.pattern.fullmatch(path):
                skipped = not rule.takes_back
        return skipped


def parse(text: str) -> IgnoreRules:
    """The rules of an ignore file."""
    lines = (line.strip() for line in text.splitlines())
    return IgnoreRules(tuple(_rule(line) for line in lines if line and not line.startswith("#")))


def _rule(line: str) -> _Rule:
    takes_back = line.startswith("!")
    body = line.removeprefix("!")
    folders_only = body.endswith("/")
    body = body.rstrip("/")
    anywhere = "" if "/" in body else "(?:.*/)?"
    return _Rule(re.compile(anywhere + _regex(body.lstrip("/"))), folders_only, takes_back)


def _regex(body: str) -> str:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", body)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(known.get(part, re.escape(part)) for part in parts)
