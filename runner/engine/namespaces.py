"""Listening inside a container's network namespace, from outside.

A container's network is its own loopback and nothing else. The bridge is let in by making its listening socket
*there*: a socket stays in the namespace in which it was made, so one short-lived thread enters, makes it, and ends. No
other thread of this process ever leaves its namespace.
"""

import ctypes
import os
import socket
import threading
from dataclasses import dataclass

from runner.engine import errors

_CLONE_NEWNET = 0x40000000
_BACKLOG = 128
_RIGHT = "Reaching into a container's network needs root, or CAP_SYS_ADMIN together with CAP_SYS_PTRACE."


@dataclass
class NetworkNamespace:
    """A container's network namespace, held open. ``close`` it when the stage is over."""

    _descriptor: int

    def listen(self, port: int) -> socket.socket:
        """A listening socket on 127.0.0.1:``port`` in there. Raises NotPermitted, EngineError."""
        outcome: list[socket.socket | BaseException] = []
        thread = threading.Thread(target=self._enter_and_listen, args=(port, outcome), name="hive-setns")
        thread.start()
        thread.join()
        result = outcome[0]
        if isinstance(result, socket.socket):
            return result
        if isinstance(result, PermissionError):
            raise errors.NotPermitted(_RIGHT) from result
        raise errors.EngineError("Nothing can listen on this port of the container.", diagnosis=str(result)) from result

    def close(self) -> None:
        """Let go of it. Idempotent."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _enter_and_listen(self, port: int, outcome: list[socket.socket | BaseException]) -> None:
        """Runs in a thread made for it. The thread must not be used for anything else afterwards."""
        listener = None
        try:
            _enter(self._descriptor)
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            listener.listen(_BACKLOG)
            outcome.append(listener)
        except (OSError, OverflowError) as failure:
            if listener is not None:
                listener.close()
            outcome.append(failure)


def pin(process_id: int, *, container_id: str) -> NetworkNamespace:
    """The namespace of ``process_id``, which must belong to that container and not share this process's network.

    Raises NotPermitted when this process may not look, StartFailed when the process is gone or another one, EngineError
    when the container turns out to be on the host's network.
    """
    try:
        # A descriptor of /proc/PID stays with that one process, also when its number is given to another.
        process = os.open(f"/proc/{process_id}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError as gone:
        raise errors.StartFailed("The container ended before its network could be opened.") from gone
    try:
        return _pin(process, container_id)
    except PermissionError as refusal:
        raise errors.NotPermitted(_RIGHT) from refusal
    except (FileNotFoundError, ProcessLookupError) as gone:
        raise errors.StartFailed("The container ended before its network could be opened.") from gone
    finally:
        os.close(process)


def _pin(process: int, container_id: str) -> NetworkNamespace:
    groups = os.open("cgroup", os.O_RDONLY | os.O_CLOEXEC, dir_fd=process)
    with os.fdopen(groups, encoding="utf-8", errors="replace") as file:
        if container_id not in file.read():
            raise errors.StartFailed("The container ended before its network could be opened.")
    namespace = os.open("ns/net", os.O_RDONLY | os.O_CLOEXEC, dir_fd=process)
    if os.fstat(namespace).st_ino == os.stat("/proc/self/ns/net").st_ino:  # noqa: PTH116 - follows the magic link
        os.close(namespace)
        raise errors.EngineError("The container shares the network of the runner: it is not isolated.")
    return NetworkNamespace(namespace)


def _enter(descriptor: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
