"""An engine without containers, to be programmed: programs are Python callables that run in threads.

It keeps the contract of `runner.engine.base` (the same tests run against it and against Docker) and counts calls.
Addresses on 127.0.0.1 in a program's environment lead to the sockets that `listen` made.
"""

import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runner.engine import errors, gate
from runner.engine.base import (
    BuildSpec,
    BuildWatch,
    ContainerSpec,
    Engine,
    EngineFacts,
    Exit,
    ExitReason,
    ImageInfo,
    KeptImage,
    Prepared,
    Stray,
)

Program = Callable[["Inside"], int]


@dataclass
class Inside:
    """What a program sees of its container. Return a code to end; raise MemoryError to run out of memory."""

    argv: list[str]
    env: dict[str, str]
    files: dict[str, bytes]
    ports: dict[int, int]
    killed: threading.Event = field(default_factory=threading.Event)
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)

    def print(self, text: str) -> None:
        """Write to standard output."""
        self.stdout += text.encode()

    def complain(self, text: str) -> None:
        """Write to standard error."""
        self.stderr += text.encode()


@dataclass
class _Container:
    spec: ContainerSpec
    id: str
    created_at: datetime
    running: bool = True


class FakeEngine(Engine):
    """See `Engine`. ``add_image`` gives it programs, ``fail_next`` makes a call raise, ``calls`` counts them."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.builds: list[BuildSpec] = []
        self.containers: dict[str, _Container] = {}
        self._images: dict[str, ImageInfo] = {}
        self._programs: dict[str, Program] = {}
        self._failures: dict[str, deque[errors.EngineError]] = {}
        self._build_program: Program = lambda inside: 0
        self.prints: tuple[str, ...] = ()
        self.made_at = datetime(2020, 1, 1, tzinfo=UTC)

    def add_image(self, reference: str, program: Program) -> ImageInfo:
        """An image called ``reference`` whose command runs ``program``."""
        info = ImageInfo(id=f"sha256:{secrets.token_hex(32)}", cmd=("program",))
        self._images[reference] = self._images[info.id] = info
        self._programs[info.id] = program
        return info

    def builds_run(self, program: Program) -> None:
        """What images built from now on run."""
        self._build_program = program

    def fail_next(self, operation: str, error: errors.EngineError) -> None:
        """Make the next call of ``operation`` raise ``error``; several queue up."""
        self._failures.setdefault(operation, deque()).append(error)

    def prepare(self, spec: ContainerSpec) -> Prepared:
        self._called("prepare")
        spec.check()
        image = self._images.get(spec.image)
        if image is None:
            raise errors.ImageMissing(spec.image)
        argv = gate.command_line(spec.entrypoint, image)
        if any(container.spec.name == spec.name for container in self.containers.values()):
            raise errors.NameTaken("A container of this name exists already.")
        container = _Container(spec, secrets.token_hex(32), datetime.now(UTC))
        self.containers[container.id] = container
        return FakePrepared(self, container, image, argv, self._programs[image.id])

    def image_info(self, reference: str) -> ImageInfo | None:
        self._called("image_info")
        return self._images.get(reference)

    def build_image(self, spec: BuildSpec, *, watch: BuildWatch | None = None) -> ImageInfo:
        self._called("build_image")
        self.builds.append(spec)
        for image_id in spec.reuse:
            if image_id in self._images:
                self._images[spec.tag] = self._images[image_id]
                return self._images[image_id]
        for text in self.prints:
            if watch is not None:
                watch.printed(text)
        return self.add_image(spec.tag, self._build_program)

    def remove_image(self, reference: str) -> None:
        self._called("remove_image")
        gone = self._images.pop(reference, None)
        if gone is not None and gone.id not in {i.id for tag, i in self._images.items() if tag != i.id}:
            self._images.pop(gone.id, None)

    def list_images(self) -> tuple[KeptImage, ...]:
        self._called("list_images")
        tags: dict[str, list[str]] = {}
        for reference, info in self._images.items():
            if reference != info.id:
                tags.setdefault(info.id, []).append(reference)
        return tuple(KeptImage(key, tuple(found), 0, self.made_at) for key, found in tags.items())

    def prune_images(self, *, older_than_seconds: float = 3600.0) -> int:
        self._called("prune_images")
        return 0

    def list_containers(self) -> tuple[Stray, ...]:
        self._called("list_containers")
        return tuple(
            Stray(c.id, c.spec.name, c.spec.run_id, c.spec.stage, c.created_at, c.running)
            for c in sorted(self.containers.values(), key=lambda c: c.created_at)
        )

    def remove_strays(self, living_run_ids: Collection[str], *, older_than_seconds: float = 60.0) -> int:
        self._called("remove_strays")
        horizon = datetime.now(UTC) - timedelta(seconds=older_than_seconds)
        doomed = [
            c.id for c in self.containers.values() if c.spec.run_id not in living_run_ids and c.created_at <= horizon
        ]
        for container_id in doomed:
            del self.containers[container_id]
        return len(doomed)

    def facts(self) -> EngineFacts:
        self._called("facts")
        return EngineFacts("fake", ("fake",), "fake")

    def close(self) -> None:
        self._called("close")

    def _called(self, operation: str) -> None:
        self.calls[operation] += 1
        queued = self._failures.get(operation)
        if queued:
            raise queued.popleft()


class FakePrepared(Prepared):
    """See `Prepared`."""

    def __init__(
        self, engine: FakeEngine, container: _Container, image: ImageInfo, argv: list[str], program: Program
    ) -> None:
        self.name, self.container_id, self.image_id = container.spec.name, container.id, image.id
        self.runtime = container.spec.runtime or "fake"
        self._engine, self._container, self._program = engine, container, program
        self._inside = Inside(argv, {}, {}, {})
        self._ended = threading.Event()
        self._lock, self._waiting = threading.Lock(), threading.Lock()
        self._code: int | None = None
        self._reason: ExitReason | None = None
        self._released_at: datetime | None = None
        self._exit: Exit | None = None
        self._closed = False

    def listen(self, port: int) -> socket.socket:
        self._engine._called("listen")
        if port in self._inside.ports:
            raise errors.EngineError("Nothing can listen on this port of the container.")
        listener = socket.create_server(("127.0.0.1", 0))
        self._inside.ports[port] = listener.getsockname()[1]
        return listener

    def release(
        self,
        env: Mapping[str, str],
        *,
        files: Mapping[str, bytes] | None = None,
        folders: Mapping[str, Mapping[str, Iterable[bytes]]] | None = None,
    ) -> None:
        self._engine._called("release")
        inputs = gate.sort_inputs(env, files or {})
        gate.check_folders(folders or {})
        with self._lock:
            if self._released_at or self._closed or self._reason:
                raise errors.NotReleasable("The stage was released before, or has ended.")
            self._released_at = datetime.now(UTC)
        self._inside.files = dict(inputs.files)
        for folder, contents in (folders or {}).items():
            self._inside.files |= {f"{folder}/{name}": b"".join(pieces) for name, pieces in contents.items()}
        self._inside.env = {name: self._translated(value.decode()) for name, value in inputs.variables.items()}
        threading.Thread(target=self._run, daemon=True).start()

    def wait(self, deadline_monotonic: float) -> Exit:
        self._engine._called("wait")
        with self._waiting:
            if self._exit is None:
                self._exit = self._await(deadline_monotonic)
            return self._exit

    def kill(self) -> None:
        self._engine._called("kill")
        self._end(ExitReason.KILLED)

    def close(self) -> None:
        self._engine._called("close_stage")
        self._closed = True
        self._end(ExitReason.KILLED)
        self._inside.killed.set()
        self._engine.containers.pop(self.container_id, None)

    def _run(self) -> None:
        code = -1
        try:
            code = self._program(self._inside)
        except MemoryError:
            self._reason = self._reason or ExitReason.OOM
        finally:
            with self._lock:
                self._code = code if self._code is None else self._code
            self._ended.set()

    def _await(self, deadline_monotonic: float) -> Exit:
        limits, inside = self._container.spec.limits, self._inside
        while not self._ended.wait(0.005):
            if time.monotonic() > deadline_monotonic:
                self._end(ExitReason.TIMEOUT)
            elif len(inside.stdout) > limits.stdout_bytes:
                self._end(ExitReason.STDOUT_EXCEEDED)
            elif len(inside.stderr) > limits.stderr_flood_bytes:
                self._end(ExitReason.STDERR_EXCEEDED)
        if len(inside.stdout) > limits.stdout_bytes:
            self._reason = self._reason or ExitReason.STDOUT_EXCEEDED
        self._container.running = False
        reason = self._reason or ExitReason.EXITED
        now = datetime.now(UTC)
        return Exit(
            reason=reason,
            code=self._code if reason is ExitReason.EXITED else 137,
            stdout=bytes(inside.stdout) if reason is ExitReason.EXITED else b"",
            stderr=bytes(inside.stderr[: limits.stderr_bytes]),
            started_at=self._released_at or now,
            ended_at=now,
        )

    def _end(self, reason: ExitReason) -> None:
        with self._lock:
            if self._ended.is_set():
                return
            self._reason, self._code = self._reason or reason, 137
        self._inside.killed.set()
        self._container.running = False
        self._ended.set()

    def _translated(self, text: str) -> str:
        for port, real in self._inside.ports.items():
            text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{real}")
        return text


def script(path: Path, *, paths: tuple[Path, ...] = ()) -> Program:
    """A program that runs the Python file at ``path`` in a process of its own, with ``paths`` importable."""

    def run(inside: Inside) -> int:
        with tempfile.TemporaryDirectory() as directory:
            env = inside.env | {"PYTHONPATH": ":".join(map(str, paths)), "PATH": "/usr/bin:/bin"}
            for name, content in inside.files.items():
                (Path(directory) / name).write_bytes(content)
                env[f"{name}_FILE"] = f"{directory}/{name}"
            process = subprocess.Popen(
                [sys.executable, str(path)], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            threading.Thread(target=lambda: inside.killed.wait() and process.kill(), daemon=True).start()
            out, err = process.communicate()
        inside.stdout += out
        inside.stderr += err
        return process.returncode

    return run
