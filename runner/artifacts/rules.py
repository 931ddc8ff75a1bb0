"""Which files a run may leave: names, content types, sizes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

MIB: Final = 1024 * 1024
LARGEST_BYTES: Final = 25 * MIB
LONGEST_NAME: Final = 128
LONGEST_CONTENT_TYPE: Final = 100
DEFAULT_TYPE: Final = "application/octet-stream"
MARKDOWN_TYPE: Final = "text/markdown; charset=utf-8"
PDF_TYPE: Final = "application/pdf"
# Names may be overwritten, but not for ever: so many uploads for each file that may be kept.
UPLOADS_PER_FILE: Final = 4

_NAME: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{LONGEST_NAME - 1}}}")
# The grammar of RFC 9110, 8.3: what does not fit it cannot stand in a header as it is.
_WORD: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_TYPE: Final = re.compile(rf'{_WORD}/{_WORD}(\s*;\s*{_WORD}=({_WORD}|"[ !#-\[\]-~]*"))*')
_TEXT_TYPES: Final = ("application/json", "application/xml", "application/yaml", "image/svg+xml")


@dataclass(frozen=True)
class ArtifactLimits:
    """What one run may leave: how many files, and how many bytes all uploads together may have, replaced ones too."""

    max_files: int = 32
    max_total_bytes: int = 100 * MIB

    @property
    def max_uploads(self) -> int:
        """How many uploads are taken, overwriting ones too."""
        return self.max_files * UPLOADS_PER_FILE


def is_name(text: str) -> bool:
    """Whether a file of a run may be called so."""
    return bool(_NAME.fullmatch(text)) and ".." not in text


def is_content_type(text: str) -> bool:
    """Whether the text may stand as a content type: short, and without control characters."""
    return 0 < len(text) <= LONGEST_CONTENT_TYPE and text.isprintable()


def header_type(text: str) -> str:
    """The content type as it is served: the one that was given if it is one, else that of plain bytes."""
    return text if _TYPE.fullmatch(text) else DEFAULT_TYPE


def is_text(content_type: str) -> bool:
    """Whether files of this type are text that may be rewritten."""
    essence = content_type.partition(";")[0].strip().lower()
    return essence.startswith("text/") or essence in _TEXT_TYPES or essence.endswith(("+json", "+xml"))


def stem_of(filename: str) -> str:
    """A report's name without the suffix of either of its forms."""
    for suffix in (".md", ".pdf"):
        if filename.lower().endswith(suffix):
            return filename[: -len(suffix)]
    return filename
