"""Which pages there are, and what should be in them."""

from collections.abc import Iterator
from pathlib import Path

from hivemind.reference import errors, openapi, settings, states

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "reference"


def pages() -> Iterator[tuple[Path, str]]:
    """Path and text of every generated page."""
    yield FOLDER / "settings.md", settings.page()
    yield FOLDER / "errors.md", errors.page()
    yield FOLDER / "openapi.json", openapi.page()
    for name in states.MACHINES:
        yield FOLDER / f"states-{name}.md", states.page(name)


def stale() -> list[Path]:
    """The pages that are missing or say something else than the code."""
    return [path for path, text in pages() if not path.exists() or path.read_text(encoding="utf-8") != text]
