"""How the process of a scope function locks itself up before it reads one byte of somebody else's source.

Order matters: what needs rights comes first, the kernel filter last. Any step that fails ends the start.
"""

import ctypes
import gc
import os
import resource
import sys
import time
import warnings
from dataclasses import dataclass

NOBODY = 65534

_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_INSTRUCTION_BYTES = 8


@dataclass(frozen=True, slots=True)
class Locks:
    """What the trusted side tells the process to lock itself with."""

    seccomp_program: bytes
    memory_bytes: int
    cpu_seconds: int


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def lock(locks: Locks) -> None:
    """Give up every right that this process has; raises OSError or ValueError when a step fails."""
    _forget_surroundings()
    _limit(locks)
    gc.collect()
    gc.freeze()
    gc.disable()
    give_up_rights(locks.seccomp_program)


def give_up_rights(seccomp_program: bytes) -> None:
    """Become nobody, whom nobody may look into, behind a kernel filter; raises OSError or ValueError."""
    _become_nobody()
    _refuse_inspection()
    _install(seccomp_program)


def _forget_surroundings() -> None:
    os.chdir("/")
    os.closerange(2, 1 << 20)
    os.environ.clear()
    # A warning or a lost error would be written to a descriptor that is gone, which the filter punishes.
    warnings.simplefilter("ignore")
    sys.stdin = sys.stdout = sys.stderr = None
    # Reads the zone once; later the file would be out of reach and the reading fatal.
    os.environ["TZ"] = "UTC"
    time.tzset()


def _limit(locks: Locks) -> None:
    for kind, value in (
        (resource.RLIMIT_CPU, locks.cpu_seconds),
        (resource.RLIMIT_AS, locks.memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(kind, (value, value))


def _become_nobody() -> None:
    if os.geteuid() != 0:
        return
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def _refuse_inspection() -> None:
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_DUMPABLE, 0)


def _install(program: bytes) -> None:
    if not program or len(program) % _INSTRUCTION_BYTES:
        raise ValueError("the seccomp program is malformed")
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, _Program(len(program) // _INSTRUCTION_BYTES, program))


def _prctl(option: int, value: int, program: _Program | None = None) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    pointer = ctypes.byref(program) if program is not None else ctypes.c_ulong(0)
    if libc.prctl(option, ctypes.c_ulong(value), pointer, ctypes.c_ulong(0), ctypes.c_ulong(0)) != 0:
        raise OSError(ctypes.get_errno(), "prctl failed")
