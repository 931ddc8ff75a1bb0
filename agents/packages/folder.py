"""Reading a package from a folder of the service itself."""

from collections.abc import Iterator
from pathlib import Path

from attestation.digests import SourceFile

FILE_BYTES = 512_000
TOTAL_BYTES = 5_000_000
PLAIN, EXECUTABLE = 0o644, 0o755


class FolderUnusable(Exception):
    """The folder is no package; the text is for the operator."""


def read(folder: Path, *, over: Path | None = None) -> list[SourceFile]:
    """The folder's files, ordered by path, laid over those of `over` if that is given. Raises FolderUnusable.

    A mode is one of two, whatever the checkout made of it, so that equal folders have equal digests everywhere.
    """
    own = {file.path: file for file in _files(folder)}
    laid = ({file.path: file for file in _files(over)} if over is not None else {}) | own
    if "Dockerfile" not in own:
        raise FolderUnusable(f"{folder} has no Dockerfile")
    if sum(len(file.content) for file in laid.values()) > TOTAL_BYTES:
        raise FolderUnusable(f"{folder} holds more than {TOTAL_BYTES} bytes")
    return [laid[path] for path in sorted(laid)]


def _files(folder: Path) -> Iterator[SourceFile]:
    if not folder.is_dir():
        raise FolderUnusable(f"{folder} is no folder")
    for path in folder.rglob("*"):
        inside = path.relative_to(folder)
        if any(part.startswith(".") or part == "__pycache__" for part in inside.parts) or path.is_dir():
            continue
        if path.is_symlink() or not path.is_file():
            raise FolderUnusable(f"{path} is no regular file")
        if path.stat().st_size > FILE_BYTES:
            raise FolderUnusable(f"{path} is larger than {FILE_BYTES} bytes")
        mode = EXECUTABLE if path.stat().st_mode & 0o100 else PLAIN
        yield SourceFile(inside.as_posix(), mode, path.read_bytes())
