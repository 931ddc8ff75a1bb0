"""The files of an agent's folder, in order, without what never belongs into an image."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from attestation.digests import SourceFile
from hmctl import files
from hmctl.errors import BadInput
from hmctl.packages import dockerignore, ignore
from hmctl.packages.dockerignore import DockerIgnore
from hmctl.packages.ignore import IgnoreRules


def read(top: Path, *, largest_file: int, most_files: int) -> list[SourceFile]:
    """Every file below `top` that the ignore rules leave, by path (BadInput for links and oddities).

    Modes become 0755 or 0644, so that two machines pack the same bytes.
    """
    rules = _Rules(
        ignore.parse(files.read(top / ignore.FILE_NAME) or ""),
        dockerignore.parse(files.read(top / dockerignore.FILE_NAME) or ""),
    )
    found = []
    for path in _walk(top, top, rules):
        found.append(_source(top, path, largest_file=largest_file))
        if len(found) > most_files:
            raise BadInput(
                f"{top} holds more than {most_files} files",
                hint="List what it does not need in .dockerignore or .hmignore.",
            )
    return sorted(found, key=lambda file: file.path)


@dataclass(frozen=True)
class _Rules:
    """Both ignore files: either keeps a file at home."""

    ours: IgnoreRules
    dockers: DockerIgnore

    def skips(self, path: str, *, is_folder: bool) -> bool:
        return self.ours.skips(path, is_folder=is_folder) or self.dockers.skips(path, is_folder=is_folder)


def _walk(top: Path, folder: Path, rules: _Rules) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as problem:
        raise BadInput(f"cannot read {folder}: {problem.strerror}") from None
    for entry in entries:
        path = Path(entry.path)
        is_folder = entry.is_dir(follow_symlinks=False)
        if rules.skips(_relative(top, path), is_folder=is_folder):
            continue
        if is_folder:
            yield from _walk(top, path, rules)
        else:
            yield path


def _source(top: Path, path: Path, *, largest_file: int) -> SourceFile:
    relative = _relative(top, path)
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            raise BadInput(f"{path} is a symbolic link, which services refuse", hint="Copy the file in its place.")
        if not stat.S_ISREG(found.st_mode):
            raise BadInput(f"{path} is not a regular file")
        if found.st_size > largest_file:
            raise BadInput(f"{path} is larger than {largest_file // 1024**2} MiB")
        content = path.read_bytes()
    except OSError as problem:
        raise BadInput(f"cannot read {path}: {problem.strerror}") from None
    return SourceFile(relative, 0o755 if found.st_mode & 0o111 else 0o644, content)


def _relative(top: Path, path: Path) -> str:
    relative = path.relative_to(top).as_posix()
    try:
        relative.encode()
    except UnicodeEncodeError:
        raise BadInput(f"a file name in {top} is not UTF-8: {relative!r}") from None
    return relative
