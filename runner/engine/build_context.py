"""The archive that a build starts from: checked, and its Dockerfile replaced.

A .dockerignore has no effect: what is in the archive is what the uploader and the digests call the source.
"""

import hashlib
import io
import posixpath
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from runner.engine import errors

_DOCKERFILE = "Dockerfile"
_IN_MEMORY_BYTES = 4 * 1024 * 1024
_LARGEST_DOCKERFILE_BYTES = 256 * 1024

Rewrite = Callable[[bytes], bytes]


def rewritten(context: bytes | Path, rewrite: Rewrite) -> IO[bytes]:
    """A new tar archive, positioned at its start, with the Dockerfile that ``rewrite`` makes of the old one.

    Raises DockerfileMissing, BuildRefused, and whatever ``rewrite`` raises. The caller closes the file; it lies on disk
    only when it is large, and has no name there.
    """
    try:
        replacement = rewrite(_read_dockerfile(context))
        # The caller closes it; nothing between here and there can fail without closing it.
        out: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115
        try:
            _copy(context, out, replacement)
        except BaseException:
            out.close()
            raise
    except (tarfile.TarError, EOFError, OSError) as broken:
        raise errors.BuildRefused("The upload is not a readable archive.", diagnosis=str(broken)) from broken
    out.seek(0)
    return out


def dockerfile_of(context: bytes | Path) -> bytes:
    """The archive's Dockerfile. Raises DockerfileMissing and BuildRefused."""
    try:
        return _read_dockerfile(context)
    except (tarfile.TarError, EOFError, OSError) as broken:
        raise errors.BuildRefused("The upload is not a readable archive.", diagnosis=str(broken)) from broken


def sha256(context: bytes | Path) -> str:
    """Digest of the archive's bytes, in hexadecimal."""
    if isinstance(context, bytes):
        return hashlib.sha256(context).hexdigest()
    with context.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_dockerfile(context: bytes | Path) -> bytes:
    """The last one, as the builder would take it."""
    content: bytes | None = None
    with _opened(context) as tar:
        for member in tar:
            if _checked_name(member) == _DOCKERFILE and member.isfile():
                content = _content(tar, member)
    if content is None:
        raise errors.DockerfileMissing
    return content


def _copy(context: bytes | Path, out: IO[bytes], dockerfile: bytes) -> None:
    with _opened(context) as tar, tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as target:
        for member in tar:
            name = _checked_name(member)
            if name in (_DOCKERFILE, "."):
                continue
            target.addfile(_plain(name, member), tar.extractfile(member) if member.isfile() else None)
        entry = tarfile.TarInfo(_DOCKERFILE)
        entry.size, entry.mode = len(dockerfile), 0o644
        target.addfile(entry, io.BytesIO(dockerfile))


def _plain(name: str, member: tarfile.TarInfo) -> tarfile.TarInfo:
    """An entry with nothing but name, kind, size, mode and time: no owner, no extended attributes, no set-id bits."""
    entry = tarfile.TarInfo(name)
    entry.type = tarfile.REGTYPE if member.isfile() else tarfile.DIRTYPE
    entry.size = member.size if member.isfile() else 0
    entry.mode = member.mode & 0o777
    entry.mtime = member.mtime
    return entry


def _checked_name(member: tarfile.TarInfo) -> str:
    if not (member.isfile() or member.isdir()):
        raise errors.BuildRefused("An upload may hold only files and folders, no links or devices.")
    name = posixpath.normpath(member.name)
    if name.startswith(("/", "../")) or name == "..":
        raise errors.BuildRefused("A path of the upload leads out of its folder.")
    return name


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    if file is None or member.size > _LARGEST_DOCKERFILE_BYTES:
        raise errors.BuildRefused("The Dockerfile is larger than 256 KiB.")
    return file.read()


def _opened(context: bytes | Path) -> tarfile.TarFile:
    if isinstance(context, bytes):
        return tarfile.open(fileobj=io.BytesIO(context), mode="r:*")
    return tarfile.open(context, mode="r:*")
