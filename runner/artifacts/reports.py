"""When an answer is a report that is worth a file of its own, and what that file is called."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

ENOUGH_WORDS: Final = 500
LONGEST_STEM: Final = 80
FALLBACK_STEM: Final = "report"
_ASKED: Final = re.compile(r"\b(report|research|study|memo|analysis|pdf|file)", re.IGNORECASE)
_SECTIONS: Final = ("executive summary", "methodology", "findings", "limitations", "implications")


def is_report(text: str, *, prompt: str) -> bool:
    """Whether the prompt asked for something like a report and the text is long and ordered enough to be one."""
    if not _ASKED.search(prompt) or len(text.split()) < ENOUGH_WORDS:
        return False
    folded = text.lower()
    return text.lstrip().startswith("#") or sum(section in folded for section in _SECTIONS) >= 2


def stem_for(prompt: str) -> str:
    """A file name made from the question's words: letters, digits and single dashes, at most 80 of them."""
    ascii_only = unicodedata.normalize("NFKD", prompt).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")
    return words[:LONGEST_STEM].rstrip("-") or FALLBACK_STEM
