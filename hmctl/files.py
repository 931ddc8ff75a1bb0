"""Private files: readable by their owner alone, replaced whole or not at all."""

import fcntl
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hmctl.errors import BadInput


def private_dir(path: Path) -> Path:
    """Makes the directory (0700) if it is missing and returns it."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise BadInput(f"cannot use the directory {path}: {problem.strerror}") from None
    return path


def tighten(path: Path, mode: int) -> None:
    """Takes away what group and others may do; somebody else's file is left alone."""
    with suppress(OSError):
        if path.stat().st_uid == os.geteuid() and path.stat().st_mode & 0o077:
            path.chmod(mode)


def replace(path: Path, text: str) -> None:
    """Writes `text` as the whole new content of `path`, mode 0600, in one step (BadInput if it cannot)."""
    draft = ""
    try:
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        Path(draft).replace(path)
    except OSError as problem:
        if draft:
            Path(draft).unlink(missing_ok=True)
        raise BadInput(f"cannot write {path}: {problem.strerror}") from None


def check_can_replace(path: Path) -> None:
    """Finds out before something unrepeatable whether `replace` has a chance: writes as much beside it (BadInput)."""
    if path.is_dir():
        raise BadInput(f"cannot write {path}: it is a directory")
    draft = path.with_name(f".{path.name}.check")
    try:
        replace(draft, "x" * 4096)
    finally:
        draft.unlink(missing_ok=True)


def is_file(path: Path) -> bool:
    """Whether there is such a file (BadInput where that cannot be seen)."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as problem:
        raise BadInput(f"cannot read {path}: {problem.strerror}") from None


def is_there(path: Path) -> bool:
    """Whether there is anything at this place, be it a link to nothing (BadInput where that cannot be seen)."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as problem:
        raise BadInput(f"cannot read {path}: {problem.strerror}") from None
    return True


def names(folder: Path) -> list[str]:
    """The names in a folder, none if there is none (BadInput where they cannot be seen)."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise BadInput(f"cannot read {folder}: {problem.strerror}") from None


def read(path: Path) -> str | None:
    """The content of a private file, None if there is none (BadInput if it cannot be read, or is a link to nothing)."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if path.is_symlink():
            raise BadInput(f"cannot read {path}: it is a link that leads nowhere") from None
        return None
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
        raise BadInput(f"cannot read {path}: {reason}") from None


def save(path: Path, content: bytes) -> None:
    """Writes a result for the user, in one step and with the usual permissions (BadInput if it cannot)."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("xb") as out:
            out.write(content)
        draft.replace(path)
    except OSError as problem:
        draft.unlink(missing_ok=True)
        raise BadInput(f"cannot write {path}: {problem.strerror}") from None


def save_new(path: Path, content: bytes) -> None:
    """Like `save`, but what is there already stays, whoever made it, even at the last moment (BadInput)."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("xb") as out:
            out.write(content)
        os.link(draft, path, follow_symlinks=False)
    except FileExistsError:
        raise BadInput(f"{path} exists already", hint="Replace it with --overwrite.") from None
    except OSError as problem:
        raise BadInput(f"cannot write {path}: {problem.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


def check_can_save(path: Path) -> None:
    """Finds out early whether `save` has a chance (BadInput)."""
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise BadInput(f"cannot write {path}")


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Keeps other hmctl processes out while a store is read, changed and written back."""
    private_dir(home)
    try:
        lock = os.open(home / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise BadInput(f"cannot write in {home}: {problem.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
