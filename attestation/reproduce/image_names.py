"""References of container images as compose files write them."""

import re
from dataclasses import dataclass
from typing import Final

_IMAGE: Final = re.compile(
    r"(?P<repository>[a-z0-9.-]+(?::[0-9]{1,5}(?=/))?(?:/[a-z0-9][a-z0-9._-]*)*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_LONGEST: Final = 512


@dataclass(frozen=True)
class ImageName:
    """A reference in its parts; an empty tag or digest is not written there."""

    text: str
    repository: str
    tag: str
    digest: str

    @property
    def short_name(self) -> str:
        """The last part of the repository."""
        return self.repository.rpartition("/")[2]


def parse_image(text: str) -> ImageName | None:
    """The reference, None for a text that is none."""
    match = _IMAGE.fullmatch(text) if len(text) <= _LONGEST else None
    return ImageName(text, match["repository"], match["tag"] or "", match["digest"] or "") if match else None
