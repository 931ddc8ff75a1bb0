"""From a folder or archive on disk to the upload: the same bytes for the same files, checked before they leave.

What the service would refuse (links, too many or too large files, no Dockerfile) is refused here with the name of
the file. Digests are taken from exactly what is sent.
"""

import gzip
import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from attestation import digests
from attestation.digests import SourceFile
from hmctl.errors import BadInput
from hmctl.packages import archives, folders, secret_files

LARGEST_ARCHIVE: Final = 50 * 1024 * 1024
MOST_FILES: Final = 2000
LARGEST_FILE: Final = 15 * 1024 * 1024
LARGEST_SUM: Final = 150 * 1024 * 1024
_ARCHIVE_ENDINGS: Final = (".tar.gz", ".tgz", ".gz")


@dataclass(frozen=True)
class Package:
    """An agent ready to upload."""

    name: str
    archive: bytes
    files: tuple[SourceFile, ...]

    @cached_property
    def source_sha256(self) -> str:
        """Digest of every path, mode and byte."""
        return digests.source_digest(self.files)

    @cached_property
    def files_sha256(self) -> str:
        """Digest of the files as the wire format publishes them."""
        return digests.files_digest(self.files)

    @property
    def hidden_files(self) -> tuple[str, ...]:
        """Files that a listing would not show but the upload contains."""
        return tuple(file.path for file in self.files if any(p.startswith(".") for p in file.path.split("/")))

    @property
    def filename(self) -> str:
        """The file name of the upload."""
        return f"{self.name}.tar.gz"


def looks_like_path(text: str) -> bool:
    """Whether an argument that exists nowhere was probably meant as a path rather than an agent id."""
    return "/" in text or "\\" in text or "." in text or text.startswith("~")


def pack(path: Path, *, private: Sequence[str] = (), allow_secrets: bool = False) -> Package:
    """The package of a folder or .tar.gz file (BadInput with the reason and the file).

    Files that look like secrets are refused unless `allow_secrets`.
    """
    if path.is_dir():
        files = folders.read(path, largest_file=LARGEST_FILE, most_files=MOST_FILES)
        archive = _deterministic(files)
    elif path.is_file() and path.name.endswith(_ARCHIVE_ENDINGS):
        if path.stat().st_size > LARGEST_ARCHIVE:
            raise _too_large(path)
        archive = path.read_bytes()
        files = archives.read(path, archive, largest_file=LARGEST_FILE, most_files=MOST_FILES)
    else:
        raise BadInput(f"{path} is neither a folder nor a .tar.gz file")
    _check(path, files, archive)
    if not allow_secrets:
        secret_files.refuse(files)
    return Package(_name_of(path), archive, _with_private(path, files, private))


def named(package: Package, name: str) -> Package:
    """The same package under another name (BadInput)."""
    if not name.strip() or "/" in name or not name.isprintable():
        raise BadInput(f"not a name for an agent: {name[:80]!r}")
    return Package(name.strip(), package.archive, package.files)


def _check(path: Path, files: Sequence[SourceFile], archive: bytes) -> None:
    if not files:
        raise BadInput(f"{path} holds no files to upload")
    if not any(file.path == "Dockerfile" for file in files):
        raise BadInput(f"{path} has no Dockerfile at its top", hint="An agent is a Dockerfile and its sources.")
    if sum(len(file.content) for file in files) > LARGEST_SUM:
        raise BadInput(f"{path} is larger than {LARGEST_SUM // 1024**2} MiB unpacked")
    if len(archive) > LARGEST_ARCHIVE:
        raise _too_large(path)


def _too_large(path: Path) -> BadInput:
    return BadInput(
        f"{path} is larger than {LARGEST_ARCHIVE // 1024**2} MiB packed",
        hint="List what it does not need in .dockerignore or .hmignore.",
    )


def _with_private(path: Path, files: Sequence[SourceFile], private: Sequence[str]) -> tuple[SourceFile, ...]:
    named = set(private)
    unknown = sorted(named - {file.path for file in files})
    if unknown:
        raise BadInput(
            f"{path} has no file {unknown[0]!r} to keep private",
            hint="Write it relative to the folder, with `/`.",
        )
    return tuple(replace(file, attestable=file.path not in named) for file in files)


def _name_of(path: Path) -> str:
    name = path.resolve().name
    for ending in _ARCHIVE_ENDINGS:
        name = name.removesuffix(ending)
    return name or "agent"


def _deterministic(files: Sequence[SourceFile]) -> bytes:
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for file in files:
            entry = tarfile.TarInfo(file.path)
            entry.size, entry.mode, entry.mtime = len(file.content), file.mode, 0
            tar.addfile(entry, io.BytesIO(file.content))
    return packed.getvalue()
