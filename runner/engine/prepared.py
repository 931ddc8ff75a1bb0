"""One container behind its gate, seen from the runner: the docker half of `base.Prepared`."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests

from runner.engine import errors, gate, streams
from runner.engine.base import Exit, ExitReason, Prepared
from runner.engine.client import Client, Conflict, Gone, translated
from runner.engine.limits import Limits
from runner.engine.namespaces import NetworkNamespace
from runner.engine.stage_directory import StageDirectory

_RELEASE_SECONDS = 10.0
_END_SECONDS = 30.0
_KILLED_CODE = 137
_REASONS = {
    streams.Pumped.DEADLINE: ExitReason.TIMEOUT,
    streams.Pumped.STDOUT_EXCEEDED: ExitReason.STDOUT_EXCEEDED,
    streams.Pumped.STDERR_EXCEEDED: ExitReason.STDERR_EXCEEDED,
}


class _StillRunning(errors.EngineUnavailable):
    """The container has not ended after that time."""


@dataclass(frozen=True)
class Parts:
    """What `DockerEngine.prepare` hands over. ``namespace`` is the error instead when it could not be opened."""

    client: Client
    container_id: str
    name: str
    image_id: str
    image_env: tuple[str, ...]
    runtime: str
    limits: Limits
    directory: StageDirectory
    stream: socket.socket
    attached: Any
    namespace: NetworkNamespace | errors.NotPermitted
    remove_later: Callable[[str], None]


class DockerPrepared(Prepared):
    """See `base.Prepared`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.name = parts.name
        self.container_id = parts.container_id
        self.image_id = parts.image_id
        self.runtime = parts.runtime
        self._lock = threading.Lock()
        self._waiting = threading.Lock()
        self._released_at: datetime | None = None
        self._reason: ExitReason | None = None
        self._exit: Exit | None = None
        self._closed = False

    def listen(self, port: int) -> socket.socket:
        """See `base.Prepared.listen`."""
        namespace = self._parts.namespace
        if isinstance(namespace, errors.NotPermitted):
            raise namespace
        return namespace.listen(port)

    def release(
        self,
        env: Mapping[str, str],
        *,
        files: Mapping[str, bytes] | None = None,
        folders: Mapping[str, Mapping[str, Iterable[bytes]]] | None = None,
    ) -> None:
        """See `base.Prepared.release`."""
        inputs = gate.sort_inputs(env, files or {})
        gate.check_folders(folders or {})
        script = gate.script(inputs.variables, image_env=self._parts.image_env)
        with self._lock:
            if self._released_at is not None or self._over():
                raise errors.NotReleasable("The stage was released before, or has ended.")
            self._released_at = datetime.now(UTC)
        directory = self._parts.directory
        directory.write_inputs(inputs.files)
        for name, contents in (folders or {}).items():
            directory.write_folder(name, contents)
        directory.open_gate(script, deadline_monotonic=time.monotonic() + _RELEASE_SECONDS, given_up=self._over)

    def wait(self, deadline_monotonic: float) -> Exit:
        """See `base.Prepared.wait`."""
        with self._waiting:
            if self._exit is None:
                output = streams.Output(self._parts.limits)
                pumped = streams.pump(self._parts.stream, output, deadline_monotonic=deadline_monotonic)
                self._exit = self._settle(pumped, output, deadline_monotonic)
                self._parts.directory.empty()
            return self._exit

    def kill(self) -> None:
        """See `base.Prepared.kill`."""
        self._end(ExitReason.KILLED)

    def close(self) -> None:
        """See `base.Prepared.close`."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._reason = self._reason or ExitReason.KILLED
        self._cut_stream()
        with suppress(errors.EngineError):
            self._end(ExitReason.KILLED)
        self._parts.attached.close()
        self._parts.stream.close()
        if isinstance(self._parts.namespace, NetworkNamespace):
            self._parts.namespace.close()
        self._parts.directory.remove()
        self._parts.remove_later(self.container_id)

    def _cut_stream(self) -> None:
        """Stop reading what the program prints; a thread that reads wakes up."""
        with suppress(OSError):
            self._parts.stream.shutdown(socket.SHUT_RDWR)

    def _over(self) -> bool:
        return self._closed or self._reason is not None or self._exit is not None

    def _end(self, reason: ExitReason) -> None:
        with self._lock:
            if self._exit is not None:
                return
            self._reason = self._reason or reason
        with suppress(Gone, Conflict), translated("end a container"):
            self._parts.client.api.kill(self.container_id)

    def _settle(self, pumped: streams.Pumped, output: streams.Output, deadline_monotonic: float) -> Exit:
        """Learn how it ended, after ending it where a limit was breached."""
        if pumped in _REASONS:
            # The engine cannot end a container while somebody is attached to its full streams and does not read.
            self._cut_stream()
            self._end(_REASONS[pumped])
        code = self._exit_code(deadline_monotonic)
        ended_at = datetime.now(UTC)
        reason = self._why(pumped, code)
        return Exit(
            reason=reason,
            code=code,
            stdout=bytes(output.stdout) if reason is ExitReason.EXITED else b"",
            stderr=bytes(output.stderr),
            started_at=self._released_at or ended_at,
            ended_at=ended_at,
        )

    def _why(self, pumped: streams.Pumped, code: int | None) -> ExitReason:
        # Read to the end, and another code than a kill's: it ended by itself just before it would have been ended.
        by_itself = pumped is streams.Pumped.END and not self._closed and code not in (_KILLED_CODE, None)
        if self._reason is not None and not by_itself:
            return self._reason
        if code is None:
            # Somebody else has removed the container.
            return ExitReason.KILLED
        if code == _KILLED_CODE and self._ran_out_of_memory():
            return ExitReason.OOM
        return ExitReason.EXITED

    def _exit_code(self, deadline_monotonic: float) -> int | None:
        """The program's code, or None when its container is gone."""
        with suppress(Gone):
            if self._reason is None:
                try:
                    return self._await_end(deadline_monotonic - time.monotonic())
                except _StillRunning:
                    # It has closed its streams and goes on without them.
                    self._end(ExitReason.TIMEOUT)
            return self._await_end(_END_SECONDS)
        return None

    def _await_end(self, seconds: float) -> int:
        try:
            with translated("wait for a container"):
                answer = self._parts.client.api.wait(self.container_id, timeout=max(0.1, seconds))  # type: ignore[arg-type]
        except errors.EngineUnavailable as silence:
            if isinstance(silence.__cause__, requests.exceptions.Timeout) or "timed out" in silence.diagnosis:
                raise _StillRunning("The container did not end in time.") from silence
            raise
        return int(answer["StatusCode"])

    def _ran_out_of_memory(self) -> bool:
        with suppress(Gone), translated("look at a container"):
            state = self._parts.client.api.inspect_container(self.container_id)["State"]
            return bool(state.get("OOMKilled"))
        return False
