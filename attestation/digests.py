"""SHA-256 over texts and over agent sources.

`files_digest` and `attested_files_digest` are what the wire format publishes: a lossy reading of the files in
a framing that can collide. `source_digest` is the one to rely on: every file, raw bytes, modes, lengths
first.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from attestation import domains, framing
from attestation.errors import SourceTreeError

_MODE_BITS = 0o7777


@dataclass(frozen=True)
class SourceFile:
    """One regular file of an uploaded package.

    `path` is relative, with `/`; `mode` is its permission bits.
    """

    path: str
    mode: int
    content: bytes
    attestable: bool = True


@dataclass(frozen=True)
class StoredFile:
    """A file as the wire format sees it: text with line feeds, bytes that are not UTF-8 replaced."""

    path: str
    text: str
    attestable: bool


def sha256_hex(data: bytes) -> str:
    """Lowercase hex SHA-256."""
    return hashlib.sha256(data).hexdigest()


def text_hash(text: str) -> str:
    """SHA-256 of the text as UTF-8; code points that cannot be encoded count as `?`."""
    return sha256_hex(text.encode("utf-8", "replace"))


def stored_files(files: Iterable[SourceFile]) -> list[StoredFile]:
    """The files that the wire format counts and publishes, in code-point order of path.

    Anything below a component that starts with a dot or is `__pycache__` is left out.
    """
    kept = [file for file in _ordered(files) if not _is_skipped(file.path)]
    return [StoredFile(file.path, _as_text(file.content), file.attestable) for file in kept]


def files_digest(files: Iterable[SourceFile]) -> str:
    """Published digest of all stored files. Nothing stored gives the hash of nothing."""
    return _framed_with_nul(stored_files(files))


def attested_files_digest(files: Iterable[SourceFile]) -> str:
    """Published digest of the stored files that the owner did not mark private."""
    return _framed_with_nul(file for file in stored_files(files) if file.attestable)


def source_digest(files: Iterable[SourceFile]) -> str:
    """Digest of the whole package: every path, permission bits and raw content, each with its length.

    Raises SourceTreeError when two files share a path or a path cannot be encoded.
    """
    fields = [domains.SOURCE_TREE]
    for file in _ordered(files):
        fields += [_path_bytes(file.path), (file.mode & _MODE_BITS).to_bytes(2, "big"), file.content]
    return sha256_hex(framing.length_prefixed(fields))


def _ordered(files: Iterable[SourceFile]) -> list[SourceFile]:
    ordered = sorted(files, key=lambda file: file.path)
    if len({file.path for file in ordered}) != len(ordered):
        raise SourceTreeError
    return ordered


def _is_skipped(path: str) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.split("/"))


def _as_text(content: bytes) -> str:
    return content.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")


def _framed_with_nul(files: Iterable[StoredFile]) -> str:
    digest = hashlib.sha256()
    for file in files:
        for text in (file.path, file.text):
            digest.update(text.encode("utf-8", "replace") + b"\x00")
    return digest.hexdigest()


def _path_bytes(path: str) -> bytes:
    try:
        return path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SourceTreeError from error
