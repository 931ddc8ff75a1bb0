"""A run's desk: where its files lie, sealed and unreadable for everybody, until the run is completed.

Stages work at it in turns. When the next one takes its turn, whatever an earlier one still has in hand is refused: a
file that comes late can't slip in after the mediator has looked. `finish.end` releases what is left, or removes all.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from django.db import connections

from hivemind.kit.conf import conf
from hivemind.kit.states import StaleState
from runner.artifacts import rules
from runner.artifacts.desk import DeskClosed, Kept, NoSuchFile, TooLarge
from runner.artifacts.rules import ArtifactLimits
from runner.models import Artifact
from runner.services import artifact_rows
from runner.services.artifact_rows import PART_BYTES, Place, Written

CLOSED = "The stage is over"


class _AtHome(Protocol):
    home: int


P = ParamSpec("P")
T = TypeVar("T")
D = TypeVar("D", bound=_AtHome)


def touching_rows(work: Callable[Concatenate[D, P], T]) -> Callable[Concatenate[D, P], T]:
    """For what other threads than the run's own call: they keep no connection. A run that is over is a closed desk."""

    @wraps(work)
    def wrapped(self: D, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(self, *args, **kwargs)
        except StaleState:
            raise DeskClosed(CLOSED) from None
        finally:
            if threading.get_ident() != self.home:
                connections.close_all()

    return wrapped


class RunDesk:
    """The files of one run while it lasts. Thread-safe; made in the thread that carries the run out."""

    def __init__(self, place: Place, *, limits: ArtifactLimits) -> None:
        self.place = place
        self.home = threading.get_ident()
        self.lock = threading.RLock()
        # One report of a run is set at a time: the machine's few places for that are everybody's.
        self.rendering = threading.Lock()
        self._limits = limits
        self._turn: object = None
        self._files: dict[str, Kept] = {}
        self._uploads = self._bytes = 0

    def take_turn(self, turn: object) -> None:
        """From now on only this one works at the desk, or nobody (None)."""
        with self.lock:
            self._turn = turn

    def check(self, turn: object) -> None:
        """Raise DeskClosed unless it is this one's turn."""
        if turn is None or self._turn is not turn:
            raise DeskClosed(CLOSED)

    def files(self) -> list[Kept]:
        """What lies on it, oldest first."""
        with self.lock:
            return list(self._files.values())

    def file(self, filename: str) -> Kept:
        """One of them. Raises NoSuchFile."""
        with self.lock:
            if filename not in self._files:
                raise NoSuchFile("No such artifact waits")
            return self._files[filename]

    def begin(self, turn: object) -> "RunIntake":
        """A new file. Raises TooLarge when no more are taken, DeskClosed."""
        with self.lock:
            self.check(turn)
            if self._uploads >= self._limits.max_uploads:
                raise TooLarge("The run has left too many files")
            self._uploads += 1
        return RunIntake(self, turn)

    def count(self, turn: object, more: int) -> None:
        """Note bytes on their way in. Raises TooLarge, DeskClosed."""
        with self.lock:
            self.check(turn)
            if self._bytes + more > self._limits.max_total_bytes:
                raise TooLarge("The files of the run are too large together")
            self._bytes += more

    def accept(self, turn: object, kept: Kept, written: Written) -> Kept:
        """Give a file that came in its name. Raises TooLarge, DeskClosed, StaleState."""
        with self.lock:
            self.check(turn)
            if kept.filename not in self._files and len(self._files) >= self._limits.max_files:
                raise TooLarge(f"A run leaves at most {self._limits.max_files} files")
            artifact_rows.keep(self.place, kept.filename, content_type=kept.content_type, written=written)
            self._files[kept.filename] = kept
        return kept

    def drop(self, turn: object, filename: str) -> str:
        """Remove a file; its name. Raises NoSuchFile, DeskClosed."""
        with self.lock:
            self.check(turn)
            self.file(filename)
            artifact_rows.discard(self.place.run, filename)
            del self._files[filename]
        return filename

    def contents(self) -> dict[str, Iterable[bytes]]:
        """The plain bytes of each file, piece by piece, read from the database as they are asked for."""
        waiting = Artifact.objects.filter(run_id=self.place.run.pk, released_at=None)
        rows = waiting.filter(filename__in=[file.filename for file in self.files()])
        return {row.filename: artifact_rows.content_of(self.place, row) for row in rows}


class RunIntake:
    """See `runner.artifacts.desk.Intake`. For one thread at a time."""

    def __init__(self, desk: RunDesk, turn: object) -> None:
        self.home = desk.home
        self._desk = desk
        self._turn = turn
        self._edition = artifact_rows.new_edition()
        self._digest = hashlib.sha256()
        self._buffer = bytearray()
        self._size = self._parts = 0

    @touching_rows
    def write(self, content: bytes, /) -> None:
        """See `Intake.write`."""
        if self._size + len(content) > rules.LARGEST_BYTES:
            raise TooLarge(f"An artifact has at most {rules.LARGEST_BYTES} bytes")
        self._desk.count(self._turn, len(content))
        self._size += len(content)
        self._digest.update(content)
        for start in range(0, len(content), PART_BYTES):
            self._buffer += content[start : start + PART_BYTES]
            if len(self._buffer) > PART_BYTES:  # one is held back: the last part says that it is the last
                self._store(bytes(self._buffer[:PART_BYTES]), is_last=False)
                del self._buffer[:PART_BYTES]

    @touching_rows
    def finish(self, filename: str, /, *, content_type: str) -> Kept:
        """See `Intake.finish`."""
        self._store(bytes(self._buffer), is_last=True)
        self._buffer.clear()
        written = Written(self._edition, self._parts, self._size, self._digest.hexdigest())
        kept = Kept(
            filename=filename,
            content_type=content_type,
            size_bytes=written.size_bytes,
            sha256=written.sha256,
            path=f"/v1/runs/{self._desk.place.run.pk}/artifacts/{filename}",
            retention_seconds=conf.retention.artifact_seconds,
        )
        return self._desk.accept(self._turn, kept, written)

    def _store(self, content: bytes, *, is_last: bool) -> None:
        artifact_rows.write_part(
            self._desk.place, content, edition=self._edition, position=self._parts, is_last=is_last
        )
        self._parts += 1
