"""The engine's contract. The docstrings are the specification; every adapter passes the same tests.

A stage lives through: prepare → listen → release → wait → close. Its container is started by `prepare`, but the
agent's program is not: it waits behind a gate, and nothing that is secret exists in the container before `release`.
`kill` and `close` may come at any moment and from any thread.
"""

import re
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from runner.engine import errors
from runner.engine.limits import MIB, Limits

GATE_DIRECTORY = "/run/hive"
INPUT_DIRECTORY = f"{GATE_DIRECTORY}/in"
LARGEST_VARIABLE_BYTES = 100 * 1024

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}")
_USER = re.compile(r"[1-9][0-9]{0,8}:[1-9][0-9]{0,8}")


class ExitReason(StrEnum):
    """Why a stage's program is no longer running."""

    EXITED = "exited"  # by itself, with any code
    TIMEOUT = "timeout"  # the deadline passed and the engine ended it
    OOM = "oom"  # the kernel ended it for want of memory
    STDOUT_EXCEEDED = "stdout_exceeded"  # it printed more than an answer may have
    STDERR_EXCEEDED = "stderr_exceeded"  # it flooded its diagnostics
    KILLED = "killed"  # somebody called kill() or close()


@dataclass(frozen=True)
class ContainerSpec:
    """What to start. ``name`` must be unique on the machine; it should contain the attempt's fencing number.

    ``image`` is a reference or an id; with an id the image cannot change between check and use. ``entrypoint`` replaces
    the image's ENTRYPOINT *and* CMD; text is split like a shell would. ``user`` is numeric and never root.
    ``runtime`` names another runtime than the engine's default.
    """

    name: str
    image: str
    run_id: str
    stage: str
    entrypoint: str | tuple[str, ...] | None = None
    limits: Limits = field(default_factory=Limits)
    user: str = "1000:1000"
    runtime: str | None = None

    @property
    def uid(self) -> int:
        """The user's number."""
        return int(self.user.partition(":")[0])

    @property
    def gid(self) -> int:
        """The group's number."""
        return int(self.user.partition(":")[2])

    def check(self) -> None:
        """Raise InvalidSpec unless a container can be made from this."""
        if not _NAME.fullmatch(self.name):
            raise errors.InvalidSpec("A container's name has 2 to 128 letters, digits, points, dashes.")
        if not _USER.fullmatch(self.user):
            raise errors.InvalidSpec("A container's user is uid:gid in numbers, and not root.")
        if not self.image or not self.run_id or not self.stage:
            raise errors.InvalidSpec("A container needs an image, a run and a stage.")
        self.limits.check()


@dataclass(frozen=True)
class Exit:
    """How a stage ended. ``stdout`` is complete when the reason is EXITED, else empty.

    ``code`` is None when the engine could not learn it. Both streams belong to the agent's owner; neither is printed
    by ``repr``.
    """

    reason: ExitReason
    code: int | None
    stdout: bytes = field(repr=False)
    stderr: bytes = field(repr=False)
    started_at: datetime
    ended_at: datetime

    @property
    def succeeded(self) -> bool:
        """The program ended by itself with code 0."""
        return self.reason is ExitReason.EXITED and self.code == 0

    @property
    def seconds(self) -> float:
        """From release to end."""
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True)
class ImageInfo:
    """An image on this machine. ``id`` is its content's digest, ``sha256:…``."""

    id: str
    repo_digests: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()
    workdir: str = ""
    env: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    on_build: tuple[str, ...] = ()
    size_bytes: int = 0


@dataclass(frozen=True)
class BuildSpec:
    """One image build. ``context`` is a tar archive (plain or gzip), in memory or on disk, Dockerfile at its root.

    ``network`` is the network of RUN steps. ``fetch_missing`` lets a FROM image that is not here be pulled.

    Steps are taken from the engine's cache only where a build of the same ``cache_scope`` left them, so that the time a
    build takes says nothing about other scopes; it has to be hexadecimal. An image among ``reuse``, which are ids, is
    tagged instead of built when it was made by the same recipe from the same bytes. ``opening`` are instructions of the
    service's own that every stage of the Dockerfile begins with.
    """

    tag: str
    context: bytes | Path
    labels: Mapping[str, str] = field(default_factory=dict)
    network: str = "none"
    memory_bytes: int = 1024 * MIB
    cpu_shares: int = 512
    timeout_seconds: float = 600.0
    largest_image_bytes: int = 8192 * MIB
    fetch_missing: bool = True
    cache_scope: str = ""
    reuse: tuple[str, ...] = ()
    opening: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuildWatch:
    """Who looks on while an image is built.

    ``printed`` is given what the build prints, piece by piece: the words of the uploader's own steps. ``stopped`` is
    asked about twice a second, from another thread, whether nobody wants the image any more.
    """

    printed: Callable[[str], None]
    stopped: Callable[[], bool] = lambda: False


@dataclass(frozen=True)
class KeptImage:
    """An image that this installation built, as found on the machine. Without ``tags`` it is a leftover."""

    id: str
    tags: tuple[str, ...]
    size_bytes: int
    created_at: datetime


@dataclass(frozen=True)
class Stray:
    """A container of this installation, as found on the machine."""

    container_id: str
    name: str
    run_id: str
    stage: str
    created_at: datetime
    running: bool


@dataclass(frozen=True)
class EngineFacts:
    """What the engine says about itself."""

    version: str
    runtimes: tuple[str, ...]
    default_runtime: str


class Prepared(ABC):
    """A container that stands ready behind its gate. Usable from several threads; a context manager that closes."""

    name: str
    container_id: str
    image_id: str
    runtime: str

    @abstractmethod
    def listen(self, port: int) -> socket.socket:
        """A listening TCP socket on 127.0.0.1:``port`` *inside* the container's network namespace.

        What listens there is all that the agent can reach. The caller owns and closes the socket. Call it before
        `release`. Raises NotPermitted (the sentence names the missing right), StartFailed when the container is gone,
        EngineError when the port is taken.
        """

    @abstractmethod
    def release(
        self,
        env: Mapping[str, str],
        *,
        files: Mapping[str, bytes] | None = None,
        folders: Mapping[str, Mapping[str, Iterable[bytes]]] | None = None,
    ) -> None:
        """Hand the program its environment and let it run. Takes milliseconds. Once only.

        Each of ``files`` can be read inside at /run/hive/in/NAME, and NAME_FILE tells the path. A variable of more than
        100 KiB, or one that makes all of them together too large, becomes such a file instead. A name in both stays a
        variable when it is small enough. ``env`` wins over the image's environment. The files of each of ``folders``,
        which come piece by piece, can be read at /run/hive/in/FOLDER/FILE.

        Raises InvalidSpec for a bad name or a NUL, NotReleasable when it is too late, StartFailed when the container
        ended before it took its inputs, DiskFull.
        """

    @abstractmethod
    def wait(self, deadline_monotonic: float) -> Exit:
        """Collect the output until the program ends; end it at ``deadline_monotonic`` (`time.monotonic` scale).

        Enforces the output limits. Returns for every way of ending; a second call returns the same value. Must be
        called soon after `release`, as nobody else reads what the program prints. Raises EngineUnavailable when the
        engine does not answer; the container may then still exist, and `close` is still due.
        """

    @abstractmethod
    def kill(self) -> None:
        """End the program now. Does nothing when it has ended, whoever ended it. `wait` then says KILLED."""

    @abstractmethod
    def close(self) -> None:
        """End it if need be, and remove every trace of it: container, files, gate. Idempotent, never raises.

        On return nothing of the stage is running and its inputs are gone; the container's removal may finish in the
        background. What could not be removed is left for the sweep of strays.
        """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Engine(ABC):
    """The machine's container engine. One per process is enough; usable from many threads. Every call has a timeout."""

    @abstractmethod
    def prepare(self, spec: ContainerSpec) -> Prepared:
        """Create and start the container of ``spec``, gated. Takes 0.1 s and more: do it before its turn.

        On failure nothing is left behind. Raises InvalidSpec, ImageMissing, NameTaken, StartFailed, DiskFull,
        NotPermitted, EngineUnavailable.
        """

    @abstractmethod
    def image_info(self, reference: str) -> ImageInfo | None:
        """The image called or identified so, or None when it is not on this machine. Never fetches."""

    @abstractmethod
    def build_image(self, spec: BuildSpec, *, watch: BuildWatch | None = None) -> ImageInfo:
        """Build and tag an image; the tag moves when it exists. Blocks up to the spec's timeout.

        Raises DockerfileMissing, BuildRefused, BaseImageMissing, BuildFailed, BuildTimedOut, BuildStopped, DiskFull,
        EngineUnavailable. After an error no container of the build is left running.
        """

    @abstractmethod
    def remove_image(self, reference: str) -> None:
        """Remove the tag, and the image when nothing else uses it. An image that is gone already is success."""

    @abstractmethod
    def list_images(self) -> tuple[KeptImage, ...]:
        """Every tagged image that this installation built, oldest first. Never one of another installation's."""

    @abstractmethod
    def prune_images(self, *, older_than_seconds: float = 3600.0) -> int:
        """Remove what this installation's builds left without a tag: failed builds, cached steps. Bytes given back.

        Younger leftovers are spared, as they may belong to a build that is going on.
        """

    @abstractmethod
    def list_containers(self) -> tuple[Stray, ...]:
        """Every container of this installation, oldest first. Never one of another installation's."""

    @abstractmethod
    def remove_strays(self, living_run_ids: Collection[str], *, older_than_seconds: float = 60.0) -> int:
        """Remove this installation's containers whose run is not among the living. Returns how many.

        Younger ones are spared, as their run may have been born after the caller looked. Idempotent; one that
        disappears meanwhile is success. Leftover stage directories go too.
        """

    @abstractmethod
    def facts(self) -> EngineFacts:
        """Version and runtimes. Raises EngineUnavailable: the way to ask whether the engine is there."""

    @abstractmethod
    def close(self) -> None:
        """Wait for removals under way and give back connections. Prepared stages are their holders' to close."""
