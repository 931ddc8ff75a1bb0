"""A stage's own directory on the host: the gate's FIFO, and the inputs that are too large for variables.

It lies in memory (a tmpfs) where there is one. The parent belongs to this process's user alone; the directory itself
belongs to the container's user, mode 0700, and is mounted read-only into that one container. It is filled at the
release and emptied when the program has ended.
"""

import contextlib
import errno
import os
import select
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from runner.engine import errors, gate

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - the parent made in it is ours alone
_POLL_SECONDS = 0.002


def default_root(*, instance: str, state_directory: Path) -> Path:
    """Where this installation keeps its stage directories: in memory if the machine has a place for that."""
    in_memory = _SHARED_MEMORY.is_dir() and os.access(_SHARED_MEMORY, os.W_OK)
    return _SHARED_MEMORY / f"hivemind-{instance}" if in_memory else state_directory / "stages"


class StageDirectory:
    """One stage's directory. ``path`` is what is mounted."""

    def __init__(self, path: Path, *, uid: int, gid: int) -> None:
        self.path = path
        self._owner = (uid, gid)

    @classmethod
    def create(cls, root: Path, name: str, *, uid: int, gid: int) -> "StageDirectory":
        """Make ``root/name`` with its FIFO. Raises NameTaken, NotPermitted, DiskFull."""
        directory = cls(root / name, uid=uid, gid=gid)
        with _translated():
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            _check_private(root)
            directory._make()
        return directory

    def write_inputs(self, files: Mapping[str, bytes]) -> None:
        """Put the input files where the container sees them. Raises DiskFull."""
        with _translated():
            for name, content in files.items():
                path = self.path / "in" / name
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                with os.fdopen(os.open(path, flags, 0o400), "wb") as file:
                    os.fchown(file.fileno(), *self._owner)
                    file.write(content)

    def write_folder(self, name: str, files: Mapping[str, Iterable[bytes]]) -> None:
        """Put a folder of input files there; each file comes piece by piece. Raises DiskFull."""
        with _translated():
            folder = self.path / "in" / name
            folder.mkdir(mode=0o700)
            for filename, pieces in files.items():
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                with os.fdopen(os.open(folder / filename, flags, 0o400), "wb") as file:
                    os.fchown(file.fileno(), *self._owner)
                    file.writelines(pieces)
            os.chown(folder, *self._owner)

    def open_gate(self, script: bytes, *, deadline_monotonic: float, given_up: Callable[[], bool]) -> None:
        """Write ``script`` to the waiting shell, all of it. The gate opens once: the FIFO is gone afterwards.

        Raises StartFailed when nobody takes it before the deadline, or ``given_up`` says that nobody will.
        """
        fifo = self._await_reader(deadline_monotonic, given_up)
        try:
            _write_all(fifo, script, deadline_monotonic)
        finally:
            os.close(fifo)
            (self.path / gate.FIFO_NAME).unlink(missing_ok=True)

    def empty(self) -> None:
        """Remove the inputs. Idempotent, never raises."""
        shutil.rmtree(self.path / "in", ignore_errors=True)

    def remove(self) -> None:
        """Remove everything. Idempotent, never raises."""
        shutil.rmtree(self.path, ignore_errors=True)

    def _make(self) -> None:
        self.path.mkdir(mode=0o700)
        try:
            os.mkfifo(self.path / gate.FIFO_NAME, 0o400)
            (self.path / "in").mkdir(mode=0o700)
            for path in (self.path / gate.FIFO_NAME, self.path / "in", self.path):
                os.chown(path, *self._owner)
        except OSError:
            self.remove()
            raise

    def _await_reader(self, deadline_monotonic: float, given_up: Callable[[], bool]) -> int:
        while True:
            try:
                return os.open(self.path / gate.FIFO_NAME, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError as refusal:
                if refusal.errno != errno.ENXIO:
                    raise errors.StartFailed("The stage's gate is gone.") from refusal
            if given_up() or time.monotonic() > deadline_monotonic:
                raise errors.StartFailed("The container ended before it took its inputs.")
            time.sleep(_POLL_SECONDS)


def sweep(root: Path, *, keep: frozenset[str], older_than_seconds: float) -> None:
    """Remove directories under ``root`` that no container of the names in ``keep`` uses. Never raises."""
    horizon = time.time() - older_than_seconds
    with contextlib.suppress(OSError):
        for path in root.iterdir():
            if path.name not in keep and path.lstat().st_mtime < horizon:
                shutil.rmtree(path, ignore_errors=True)


def _write_all(fifo: int, script: bytes, deadline_monotonic: float) -> None:
    rest = memoryview(script)
    poll = select.poll()
    poll.register(fifo, select.POLLOUT)
    while rest:
        remaining = deadline_monotonic - time.monotonic()
        if remaining <= 0 or not poll.poll(remaining * 1000):
            raise errors.StartFailed("The container did not take its inputs in time.")
        try:
            rest = rest[os.write(fifo, rest) :]
        except BlockingIOError:
            continue
        except BrokenPipeError:
            raise errors.StartFailed("The container ended while it took its inputs.") from None


def _check_private(root: Path) -> None:
    """The parent may have been made by another user of the machine, in a place where everybody may make things."""
    status = root.lstat()
    if root.is_symlink() or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise errors.NotPermitted(f"The stage directory {root} must belong to the runner's user, with mode 0700.")


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise errors.NameTaken("A stage of this name has left its directory behind.") from None
    except PermissionError as refusal:
        raise errors.NotPermitted(
            "The runner may not make a stage directory for the container's user. It needs root, or CAP_CHOWN.",
            diagnosis=str(refusal),
        ) from refusal
    except OSError as failure:
        if failure.errno in (errno.ENOSPC, errno.EDQUOT):
            raise errors.DiskFull("The place of the stage directories is full.") from failure
        raise errors.EngineError("The stage directory could not be made.", diagnosis=str(failure)) from failure
