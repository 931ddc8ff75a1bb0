"""Unpacking an uploaded archive in memory: regular files only, inside the root, within every limit."""

import tarfile
from pathlib import PurePosixPath
from typing import BinaryIO

from agents.errors import BadArchive
from agents.packages import limits
from agents.packages.decompress import Capped
from attestation.digests import SourceFile

DEFAULT_MODE = 0o644

# Besides its own errors the reader lets out those of Python where headers contradict each other, or where so many of
# them stand in a row that it descends too deep.
BROKEN = (tarfile.TarError, ValueError, IndexError, KeyError, OverflowError, RecursionError, EOFError)


def unpack(stream: BinaryIO, *, private_paths: frozenset[str] = frozenset()) -> list[SourceFile]:
    """The package's files, ordered by path, exact to the byte and the mode bits. Raises BadArchive.

    Accepts plain, gz, bz2 and xz tar. When a path comes twice the later one counts, as it does for `tar`.
    """
    files: dict[str, SourceFile] = {}
    folders: set[str] = set()
    total = entries = 0
    try:
        with tarfile.open(fileobj=Capped(stream), mode="r|", bufsize=tarfile.BLOCKSIZE * 20) as tar:
            for member in tar:
                entries += 1
                if entries > limits.ENTRIES:
                    raise BadArchive(f"Invalid archive: it has more than {limits.ENTRIES} entries")
                path = _path(member)
                if member.isdir():
                    folders.add(path)
                    continue
                total += _check_size(member, total)
                files[path] = SourceFile(path, _mode(member), _content(tar, member), path not in private_paths)
    except BROKEN as error:
        raise BadArchive("Invalid archive: it is not a readable tar file") from error
    _check_tree(files, folders)
    return [files[path] for path in sorted(files)]


def _path(member: tarfile.TarInfo) -> str:
    if not (member.isdir() or member.type in (tarfile.REGTYPE, tarfile.AREGTYPE)):
        raise BadArchive("Invalid archive: only regular files and folders may be in it, no links or devices")
    name = member.name
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or "\x00" in name or "\\" in name:
        raise BadArchive("Invalid archive: a path leads out of the package")
    path = "/".join(parts)
    try:
        size = len(path.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise BadArchive("Invalid archive: a path is not UTF-8") from error
    if size > limits.PATH_BYTES or (not path and not member.isdir()):
        raise BadArchive("Invalid archive: a path is empty or too long")
    return path


def _check_size(member: tarfile.TarInfo, total: int) -> int:
    if member.size > limits.FILE_BYTES:
        raise BadArchive("Invalid archive: a file is larger than 15 MiB")
    if total + member.size > limits.TOTAL_BYTES:
        raise BadArchive("Invalid archive: it unpacks to more than 150 MiB")
    return member.size


def _mode(member: tarfile.TarInfo) -> int:
    return member.mode & 0o777 or DEFAULT_MODE


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    handle = tar.extractfile(member)
    content = handle.read() if handle is not None else b""
    if len(content) != member.size:
        raise BadArchive("Invalid archive: it ends in the middle of a file")
    return content


def _check_tree(files: dict[str, SourceFile], folders: set[str]) -> None:
    for path in files:
        above = {str(parent) for parent in PurePosixPath(path).parents if str(parent) != "."}
        if path in folders or above & files.keys():
            raise BadArchive("Invalid archive: a path is both a file and a folder")
