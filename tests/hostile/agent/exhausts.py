"""Behaviours that use up what they can. Those that end by themselves print as JSON how far they came."""

import contextlib
import ctypes
import errno
import json
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

_SMALL = b"x" * 65536


def _until_refused(step: Callable[[int], object], most: int = 200_000) -> tuple[int, str]:
    """How often it went well, and the name of the error that it then met."""
    for number in range(most):
        try:
            step(number)
        except OSError as error:
            return number, errno.errorcode.get(error.errno or 0, "?")
        except RuntimeError:
            return number, "EAGAIN"
    return most, "NONE"


def _print(**told: object) -> None:
    print(json.dumps(told), flush=True)


def _sleeping_child(_: int) -> None:
    if os.fork() == 0:
        time.sleep(600)


def _dead_child(_: int) -> None:
    if os.fork() == 0:
        os._exit(0)


def forks() -> None:
    """Children until there may be no more, then it waits with all of them."""
    made, why = _until_refused(_sleeping_child)
    _print(made=made, why=why)
    time.sleep(600)


def zombies() -> None:
    """Children that have ended and that nobody asks after."""
    made, why = _until_refused(_dead_child)
    _print(made=made, why=why)


def threads() -> None:
    """Threads until there may be no more."""
    made, why = _until_refused(lambda _: threading.Thread(target=time.sleep, args=(600,), daemon=True).start())
    _print(made=made, why=why)
    sys.stdout.flush()
    os._exit(0)


def orphans() -> None:
    """Leaves processes behind that belong to nobody, ignore signals and start themselves again; then it ends."""
    for _ in range(8):
        if os.fork() == 0:
            os.setsid()
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            if os.fork():
                os._exit(0)
            for descriptor in (0, 1, 2):
                os.close(descriptor)
            while True:
                time.sleep(0.05)
                if os.fork() == 0:
                    continue
                os._exit(0)
    _print(left=8)


def inodes() -> None:
    """Empty files in every place that takes any."""
    told = {}
    for place in ("/tmp", "/var/tmp", "/home/agent"):
        os.mkdir(f"{place}/many")
        told[place] = _until_refused(lambda n, place=place: os.close(os.open(f"{place}/many/{n}", os.O_CREAT)))
    _print(**told)


def bytes_everywhere() -> None:
    """Large files in every place that takes any, told in MiB."""
    told = {}
    for place in ("/tmp", "/var/tmp", "/home/agent", "/dev/shm"):
        descriptor = os.open(f"{place}/large", os.O_CREAT | os.O_WRONLY)
        written = 0
        with contextlib.suppress(OSError):
            while written < 1 << 30:
                written += os.write(descriptor, _SMALL)
        told[place] = written >> 20
    _print(**told)


def holes() -> None:
    """One file that says it is a terabyte large, and one whose space is claimed at once."""
    descriptor = os.open("/tmp/hole", os.O_CREAT | os.O_RDWR)
    claim = _until_refused(lambda _: os.posix_fallocate(descriptor, 0, 1 << 40), most=1)
    _print(claimed=claim)


def open_files() -> None:
    """Descriptors until there may be no more."""
    kept: list[int] = []
    made, why = _until_refused(lambda _: kept.append(os.open("/dev/null", os.O_RDONLY)))
    _print(made=made, why=why, limit=resource.getrlimit(resource.RLIMIT_NOFILE)[1])


def deep_folders() -> None:
    """A folder in a folder in a folder."""

    def deeper(_: int) -> None:
        os.mkdir("d")
        os.chdir("d")

    os.chdir("/tmp")
    _print(deep=_until_refused(deeper, most=40_000))


def processor() -> None:
    """Four processes that reckon for two seconds; it prints the seconds of processor time that they got."""
    for _ in range(3):
        if os.fork() == 0:
            break
    end = time.monotonic() + 2
    while time.monotonic() < end:
        pass
    if os.getpid() != 1:
        os._exit(0)
    for _ in range(3):
        os.wait()
    spent = os.times()
    _print(seconds=spent.user + spent.system + spent.children_user + spent.children_system)


def heap() -> None:
    """Memory of its own."""
    kept = []
    while True:
        kept.append(bytearray(b"z" * (1 << 22)))


def memory_files() -> None:
    """Files that are nothing but memory."""
    while True:
        os.write(os.memfd_create("m"), b"z" * (1 << 20))


def shared_memory() -> None:
    """System V segments, which would outlive the process that made them."""
    libc = ctypes.CDLL(None)
    libc.shmat.restype = ctypes.c_void_p
    while True:
        segment = libc.shmget(0, 1 << 22, 0o1600)
        address = libc.shmat(segment, None, 0)
        ctypes.memset(address, 1, 1 << 22)


def socket_buffers() -> None:
    """What is sent to itself and never read; kept by the kernel."""
    kept, sent = [], 0
    with contextlib.suppress(OSError):
        while sent < 4 << 30:
            ends = socket.socketpair()
            kept.append(ends)
            ends[0].setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    sent += ends[0].send(_SMALL)
    _print(mib=sent >> 20)


def endless_lines() -> None:
    """Line after line on stdout."""
    while True:
        os.write(1, b"line\n" * 10_000)


def endless_line() -> None:
    """One line on stdout that never ends."""
    while True:
        os.write(1, _SMALL)


def endless_diagnostics() -> None:
    """Everything on stderr."""
    while True:
        os.write(2, _SMALL)


def _pieces() -> Iterator[bytes]:
    while True:
        yield b"\x00"
        yield b"\xff\xfe"
        yield b"\x1b[2J"


def drip() -> None:
    """A few bytes again and again, on both streams, without an end."""
    for piece in _pieces():
        os.write(1, piece)
        os.write(2, piece)
        time.sleep(0.01)


def slow_exit() -> None:
    """Closes what it prints to, so that it looks ended, and stays."""
    for descriptor in (0, 1, 2):
        os.close(descriptor)
    time.sleep(600)


def held_streams() -> None:
    """Ends, while a child keeps its streams open."""
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    _print(ended=True)
    os._exit(0)


def deaf() -> None:
    """Ignores every signal that can be ignored."""
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(600)


def stopped() -> None:
    """Stops itself as a debugger would, and its child as well."""
    if os.fork() == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(600)


def crash() -> None:
    """Dies in a way that a kernel would write a core of."""
    resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE))
    os.kill(os.getpid(), signal.SIGSEGV)
    ctypes.string_at(0)
