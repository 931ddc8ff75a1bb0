"""Which fonts reports are set in: DejaVu, which is free and covers most alphabets, and others for what it lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDERS: Final = (
    "/usr/share/fonts/truetype/dejavu",
    "/usr/share/fonts/dejavu-sans-fonts",
    "/usr/share/fonts/dejavu",
    "/usr/share/fonts/TTF",
)
# For characters that DejaVu does not have, where the machine has them.
FALLBACKS: Final = (
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
    "/usr/share/fonts-droid-fallback/truetype/DroidSansFallback.ttf",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
)


@dataclass(frozen=True)
class Fonts:
    """Files of one family, and of others to fall back to."""

    regular: Path
    bold: Path
    mono: Path
    fallbacks: tuple[Path, ...] = ()


def find(folders: Sequence[str] = FOLDERS) -> Fonts | None:
    """The fonts of this machine, None when it has none that reports can be set in."""
    for folder in map(Path, folders):
        fonts = Fonts(folder / "DejaVuSans.ttf", folder / "DejaVuSans-Bold.ttf", folder / "DejaVuSansMono.ttf")
        if all(path.is_file() for path in (fonts.regular, fonts.bold, fonts.mono)):
            others = tuple(path for path in map(Path, FALLBACKS) if path.is_file())
            return Fonts(fonts.regular, fonts.bold, fonts.mono, others)
    return None
