"""The one permitted change between a file at a commit and what runs: the reference of the product's own image.

A commit cannot hold the digest of an image that is built from it, so the registered address may carry it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from attestation.reproduce.errors import RenderingImpossible, SourceMalformed
from attestation.reproduce.image_names import ImageName, parse_image

_CORE: Final = "hivemind-core"  # what an address that carries only a tag is about
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_IMAGE_LINE: Final = re.compile(
    r"""(?P<before>[ ]*(?:-[ ]+)?image:[ ]+(?P<quote>["']?))(?P<image>[^\s"'#]+)(?P<after>(?P=quote)[ ]*(?:[ ]\#.*)?)"""
)


@dataclass(frozen=True)
class Rewriting:
    """Sets the whole reference (`core_image`), or only the tag (`image_sha`), of the product's image."""

    image: ImageName | None
    tag: str = ""

    def __str__(self) -> str:
        return f"image {self.image.text}" if self.image else f"tag {self.tag}"

    @property
    def short_name(self) -> str:
        """The last part of the image's name, by which its line is found."""
        return self.image.short_name if self.image else _CORE


def read_rewriting(name: str, value: str, *, details: Mapping[str, str]) -> Rewriting:
    """Reads `core_image` or `image_sha`. Raises SourceMalformed with the details."""
    image = parse_image(value) if name == "core_image" else None
    if name == "core_image" and image is not None:
        return Rewriting(image)
    if name == "image_sha" and _TAG.fullmatch(value):
        return Rewriting(None, value)
    raise SourceMalformed(details=details)


def render(text: bytes, rewriting: Rewriting | None) -> bytes:
    """The compose file that the text stands for.

    Rewrites the first line with the product's image, and every other one with exactly the same reference. Raises
    RenderingImpossible when there is none, or the text is not UTF-8.
    """
    if rewriting is None:
        return text
    try:
        lines = text.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise RenderingImpossible from error
    found = [_image_of(line) for line in lines]
    first = next((image for image in found if image and image.short_name == rewriting.short_name), None)
    if first is None:
        raise RenderingImpossible
    wanted = rewriting.image.text if rewriting.image else f"{first.repository}:{rewriting.tag}"
    rewritten = [_rewritten(line, wanted) if image == first else line for line, image in zip(lines, found, strict=True)]
    return "\n".join(rewritten).encode("utf-8")


def _image_of(line: str) -> ImageName | None:
    match = _IMAGE_LINE.fullmatch(line)
    return parse_image(match["image"]) if match else None


def _rewritten(line: str, image: str) -> str:
    match = _IMAGE_LINE.fullmatch(line)
    return f"{match['before']}{image}{match['after']}" if match else line
