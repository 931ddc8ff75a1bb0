"""The files of a ready-made archive, read for checking and digests; the archive itself is sent as it is."""

import io
import posixpath
import tarfile
import zlib
from pathlib import Path

from attestation.digests import SourceFile
from hmctl.errors import BadInput


def read(path: Path, archive: bytes, *, largest_file: int, most_files: int) -> list[SourceFile]:
    """The regular files by path (BadInput for anything a service refuses)."""
    found: dict[str, SourceFile] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:*") as tar:
            for member in tar:
                if member.isdir():
                    continue
                source = _source(path, tar, member, largest_file=largest_file)
                found[source.path] = source
                if len(found) > most_files:
                    raise BadInput(f"{path} holds more than {most_files} files")
    except (tarfile.TarError, zlib.error, EOFError, OSError):
        raise BadInput(f"{path} is not a readable tar archive") from None
    return sorted(found.values(), key=lambda file: file.path)


def _source(path: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, *, largest_file: int) -> SourceFile:
    name = posixpath.normpath(member.name)
    if not member.isreg() or name.startswith(("/", "../")) or name in ("..", "."):
        raise BadInput(f"{path} contains {member.name[:120]!r}, which is a link, a device or outside the archive")
    if member.size > largest_file:
        raise BadInput(f"{name} in {path} is larger than {largest_file // 1024**2} MiB")
    content = tar.extractfile(member)
    if content is None:
        raise BadInput(f"{path} is not a readable tar archive")
    return SourceFile(name, member.mode & 0o777 or 0o644, content.read())
