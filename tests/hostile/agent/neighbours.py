"""Two runs that try to talk: one speaks on every channel for a while, the other listens on the same ones."""

import contextlib
import ctypes
import errno
import fcntl
import glob
import json
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.hostile.agent.trying import DONE, Steps

WORD = b"word-between-runs"
_KEY = 0x48495645
_PORT = 7901
_SPEAKS, _LISTENS_AFTER = 4.0, 1.5
_MOST_FILES = 700
_libc = ctypes.CDLL(None, use_errno=True)
PLACES = ("/tmp", "/var/tmp", "/home/agent", "/dev/shm", "/run/hive", "/run/hive/in", "/dev/mqueue", "/dev/pts", "/run")


def _shared_candidates() -> Iterator[str]:
    """Files that could be the same file in another container."""
    yield from (
        "/etc/hosts",
        "/etc/hostname",
        "/etc/resolv.conf",
        os.path.realpath("/usr/bin/python3"),
        "/bin/sh",
        "/etc/passwd",
    )
    yield from ("/run/hive-gate/busybox", "/run/hive-gate", "/run/hive", "/run/hive/hosts", "/", "/etc", "/dev/null")
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        yield line.split()[4]
    for pattern in (
        "/sys/fs/cgroup/*/*",
        "/proc/sys/kernel/*",
        "/proc/*",
        "/sys/kernel/*",
        "/sys/class/net/lo/*",
        "/dev/*",
    ):
        yield from sorted(glob.glob(pattern))


def _files() -> list[tuple[str, int]]:
    opened: dict[tuple[int, int], tuple[str, int]] = {}
    for path in dict.fromkeys(_shared_candidates()):
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            status = os.fstat(descriptor)
            opened.setdefault((status.st_dev, status.st_ino), (path, descriptor))
        if len(opened) >= _MOST_FILES:
            break
    return list(opened.values())


def _message_queue() -> int:
    return int(_libc.mq_open(b"/hive", os.O_CREAT | os.O_RDWR | os.O_NONBLOCK, 0o666, None))


def speak() -> None:
    """Say the word wherever it could be heard, and print on how many channels it was said."""
    kept: list[object] = []
    for address in ("\0hive", "\0/containerd-shim/hive"):
        server = socket.socket(socket.AF_UNIX)
        server.bind(address)
        server.listen()
        kept.append(server)
    for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        with contextlib.suppress(OSError):
            kept.append(socket.create_server((host, _PORT), family=family, dualstack_ipv6=False))
    segment = _libc.shmget(_KEY, 4096, 0o1666)
    _libc.shmat.restype = ctypes.c_void_p
    ctypes.memmove(_libc.shmat(segment, None, 0), WORD, len(WORD))
    queue = _libc.msgget(_KEY, 0o1666)
    _libc.msgsnd(queue, struct.pack("l", 1) + WORD, len(WORD), 0)
    _libc.semget(_KEY, 1, 0o1666)
    _libc.mq_send(_message_queue(), WORD, len(WORD), 0)
    written = []
    for place in PLACES:
        with contextlib.suppress(OSError):
            Path(place, "hive-word").write_bytes(WORD)
            written.append(place)
    locked = []
    for path, descriptor in _files():
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            locked.append(path)
    _libc.prctl(15, WORD[:15], 0, 0, 0)
    end = time.monotonic() + _SPEAKS
    while time.monotonic() < end:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            datagram.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            for host in ("127.0.0.1", "127.255.255.255", "255.255.255.255", "224.0.0.1"):
                with contextlib.suppress(OSError):
                    datagram.sendto(WORD, (host, _PORT + 1))
        for path in locked[:40]:
            with contextlib.suppress(OSError), open(path, "rb", buffering=0) as file:
                file.read(1)
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGUSR1)
        time.sleep(0.1)
    print(
        json.dumps(
            {"written": written, "locked": len(locked), "segment": segment, "queue": queue, "sockets": len(kept)}
        )
    )


def listen() -> None:
    """Listen wherever the word could come from, and print what was heard."""
    heard: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _: heard.append(number))
    told: Steps = {}
    watch, watched = _watch()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("0.0.0.0", _PORT + 1))
    time.sleep(_LISTENS_AFTER)
    told["watched files"] = _events(watch, watched)
    told |= _sockets() | _kernel_objects() | _left_files() | _locks() | _seen()
    told["datagrams"] = f"{DONE} {datagrams.recv(99)!r}" if select.select([datagrams], [], [], 0.3)[0] else "EAGAIN"
    told["signals"] = f"{DONE} {heard}" if heard else "ESRCH"
    told["files watched"] = f"{len(watched)}"
    print(json.dumps(told))


def _sockets() -> Steps:
    told = {}
    for address in ("\0hive", "\0/containerd-shim/hive"):
        with socket.socket(socket.AF_UNIX) as client:
            told[f"abstract {address[1:]}"] = _tried(lambda client=client, address=address: client.connect(address))
    for name, host in (("127.0.0.1",) * 2, ("::1",) * 2, ("its name", socket.gethostname())):
        told[f"port on {name}"] = _tried(lambda host=host: socket.create_connection((host, _PORT), 0.5))
    return told


def _tried(do: Callable[[], object]) -> str:
    try:
        return f"{DONE} {do()!r}"
    except socket.gaierror:
        return "ENOENT"
    except TimeoutError:
        return "ETIMEDOUT"
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "EIO")


def _kernel_objects() -> Steps:
    def of(number: int) -> str:
        return "ENOENT" if number < 0 else f"{DONE} {number}"

    listing = [len(Path(f"/proc/sysvipc/{kind}").read_text().splitlines()) for kind in ("shm", "msg", "sem")]
    return {
        "shared memory": of(_libc.shmget(_KEY, 4096, 0)),
        "messages": of(_libc.msgget(_KEY, 0)),
        "semaphores": of(_libc.semget(_KEY, 1, 0)),
        "queues": of(_libc.mq_open(b"/hive", os.O_RDONLY | os.O_NONBLOCK)),
        "listings": "ENOENT" if listing == [1, 1, 1] else f"{DONE} {listing}",
    }


def _left_files() -> Steps:
    found = [place for place in PLACES if os.path.exists(f"{place}/hive-word")]
    return {"files": f"{DONE} {found}" if found else "ENOENT"}


def _locks() -> Steps:
    taken = []
    for path, descriptor in _files():
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            taken.append(path)
        except OSError:
            continue
    listed = Path("/proc/locks").read_text().splitlines()
    alien = [line for line in listed if int(line.split()[-4]) not in (-1, 0, 1, os.getpid())]
    return {
        "locks on shared files": f"{DONE} {taken}" if taken else "EAGAIN",
        "locks of others listed": f"{DONE} {alien[:3]}" if alien else "EAGAIN",
    }


def _seen() -> Steps:
    others = [name for name in os.listdir("/proc") if name.isdigit() and int(name) != os.getpid()]
    unix = [line for line in Path("/proc/net/unix").read_text().splitlines() if "hive" in line]
    return {
        "processes": f"{DONE} {others}" if others else "ESRCH",
        "sockets listed": f"{DONE} {unix}" if unix else "ENOENT",
    }


def _watch() -> tuple[int, dict[int, str]]:
    watch = _libc.inotify_init1(os.O_NONBLOCK)
    watched = {}
    for path in dict.fromkeys(_shared_candidates()):
        number = _libc.inotify_add_watch(watch, path.encode(), 0x00000FFF)
        if number >= 0:
            watched[number] = path
    return watch, watched


def _events(watch: int, watched: dict[int, str]) -> str:
    """What happened to the watched files while this program slept: whoever it was, it was somebody else."""
    try:
        content, heard = os.read(watch, 1 << 20), set()
    except BlockingIOError:
        return "EAGAIN"
    while content:
        number, _, _, length = struct.unpack_from("iIII", content)
        heard.add(watched.get(number, "?"))
        content = content[16 + length :]
    return f"{DONE} {sorted(heard)[:5]}"
