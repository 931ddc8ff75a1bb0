"""The kernel filter of the locked process, built once on the trusted side.

Only what a running interpreter needs to compute is let through: its two pipes, memory that is never
executable, locks, the clock and the end. Looking for a file fails. Anything else kills the
process.
"""

import errno
import functools
import os

from runner.scopefn.errors import ScopeSandboxUnavailable

_PROT_EXEC = 4
_STDIN, _STDOUT = 0, 1

_PLAIN_CALLS = (
    "brk",
    "munmap",
    "mremap",
    "madvise",
    "futex",
    "exit",
    "exit_group",
    "rt_sigreturn",
    "restart_syscall",
    "clock_gettime",
)


# The interpreter looks for files on its own, to quote a line of a syntax error or to find a codec; being told no
# is enough for it.
_FAILING_CALLS = ("openat", "newfstatat", "stat", "statx", "readlink")


@functools.cache
def filter_program() -> bytes:
    """Return the BPF program for this machine; raises ScopeSandboxUnavailable when it can't be built."""
    try:
        import pyseccomp  # raises where libseccomp is missing
    except (ImportError, OSError, RuntimeError) as error:
        raise ScopeSandboxUnavailable("libseccomp is not available on this machine") from error
    try:
        program = pyseccomp.SyscallFilter(defaction=pyseccomp.KILL_PROCESS)
        for name in _PLAIN_CALLS:
            program.add_rule(pyseccomp.ALLOW, name)
        program.add_rule(pyseccomp.ALLOW, "read", pyseccomp.Arg(0, pyseccomp.EQ, _STDIN))
        program.add_rule(pyseccomp.ALLOW, "write", pyseccomp.Arg(0, pyseccomp.EQ, _STDOUT))
        for name in ("mmap", "mprotect"):
            program.add_rule(pyseccomp.ALLOW, name, pyseccomp.Arg(2, pyseccomp.MASKED_EQ, _PROT_EXEC, 0))
        for name in _FAILING_CALLS:
            program.add_rule(pyseccomp.ERRNO(errno.EACCES), name)
        return _exported(program)
    except OSError as error:
        raise ScopeSandboxUnavailable("the seccomp filter can't be built on this machine") from error


def _exported(program: object) -> bytes:
    fd = os.memfd_create("filter", os.MFD_CLOEXEC)
    with open(fd, "w+b") as file:  # noqa: PTH123  # a descriptor, not a path
        program.export_bpf(file)  # type: ignore[attr-defined]
        file.seek(0)
        return file.read()
