"""The kernel filter of the rendering process: it computes, reads what is open already, and answers. Nothing else.

Unlike a scope function's filter it refuses rather than kills: the code inside is a library of good faith that may ask
for a file and do without.
"""

from __future__ import annotations

import errno
import functools
import os

from runner.artifacts.rendering.errors import RenderingUnavailable

_PROT_EXEC = 4
_STDOUT = 1
_CALLS = (
    *("read", "pread64", "readv", "lseek", "fstat", "close", "newfstatat", "brk", "munmap", "mremap", "madvise"),
    *("futex", "exit", "exit_group", "rt_sigreturn", "rt_sigaction", "rt_sigprocmask", "restart_syscall"),
    *("clock_gettime", "clock_getres", "gettimeofday", "time", "getrandom", "getpid", "gettid", "sched_yield"),
)


@functools.cache
def program() -> bytes:
    """The BPF program for this machine. Raises RenderingUnavailable when it cannot be built."""
    try:
        import pyseccomp  # raises where libseccomp is missing
    except (ImportError, OSError, RuntimeError) as error:
        raise RenderingUnavailable("libseccomp is not available on this machine") from error
    try:
        rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ERRNO(errno.EACCES))
        for name in _CALLS:
            rules.add_rule(pyseccomp.ALLOW, name)
        rules.add_rule(pyseccomp.ALLOW, "write", pyseccomp.Arg(0, pyseccomp.EQ, _STDOUT))
        for name in ("mmap", "mprotect"):
            rules.add_rule(pyseccomp.ALLOW, name, pyseccomp.Arg(2, pyseccomp.MASKED_EQ, _PROT_EXEC, 0))
        fd = os.memfd_create("filter", os.MFD_CLOEXEC)
        with open(fd, "w+b") as file:  # noqa: PTH123  # a descriptor, not a path
            rules.export_bpf(file)
            file.seek(0)
            return file.read()
    except OSError as error:
        raise RenderingUnavailable("the rendering filter cannot be built on this machine") from error
