"""What an attempt is: a function that tells, step by step, how the machine answered."""

import ctypes
import errno
import json
import os
import select
import signal
import time
from collections.abc import Callable

Steps = dict[str, str]
Attempt = Callable[[], Steps]
DONE = "DONE"
_SECONDS = 20.0
_libc = ctypes.CDLL(None, use_errno=True)


def outcome(do: Callable[[], object]) -> str:
    """The name of the error that `do` ended in, or that it was done, and with what."""
    try:
        return f"{DONE} {do()!r}"[:200]
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, type(error).__name__)


def syscall(number: int, *arguments: object) -> int:
    """A system call by its number on x86-64. Raises OSError."""
    converted = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    answer = _libc.syscall(ctypes.c_long(number), *converted)
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return int(answer)


def text(value: str) -> ctypes.Array[ctypes.c_char]:
    """A C string that lives as long as the caller holds it."""
    return ctypes.create_string_buffer(value.encode())


def writing(path: str, content: str = "1", flags: int = 0) -> Callable[[], object]:
    """Writes into a file that is there."""

    def write() -> object:
        descriptor = os.open(path, os.O_WRONLY | flags)
        try:
            return os.write(descriptor, content.encode())
        finally:
            os.close(descriptor)

    return write


def reading(path: str) -> Callable[[], object]:
    """Reads the first bytes of a file."""

    def read() -> object:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            return os.read(descriptor, 64)
        finally:
            os.close(descriptor)

    return read


def apart(attempt: Attempt, seconds: float = _SECONDS) -> Steps:
    """Carry an attempt out in a process of its own, so that it cannot disturb the next one."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _told(attempt, writer)
    os.close(writer)
    told, deadline = b"", time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0 and select.select([reader], [], [], left)[0]:
        piece = os.read(reader, 65536)
        if not piece:
            break
        told += piece
    os.close(reader)
    os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    if told:
        return dict(json.loads(told))
    return {"process": f"SIGNAL {os.WTERMSIG(status)}" if time.monotonic() < deadline else "HUNG"}


def _told(attempt: Attempt, writer: int) -> None:
    try:
        steps = attempt()
    except BaseException as error:
        steps = {"attempt": f"BROKEN {error!r}"[:300]}
    os.write(writer, json.dumps(steps).encode())
    os._exit(0)
