"""What a container's program may ask of the kernel: a closed list, everything else is refused.

The engine has a list of its own, but which one depends on its version, and it lets through what is not confined by a
container's namespaces: sockets to the hypervisor, the asynchronous ring interface, the instruction set of 32 bits.
"""

import functools
import json
from typing import Any, Final

_FILES: Final = """
    access cachestat chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2
    fadvise64 fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock
    fremovexattr fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr inotify_add_watch
    inotify_init inotify_init1 inotify_rm_watch ioctl lchown lgetxattr link linkat listxattr llistxattr lremovexattr
    lseek lsetxattr lstat mkdir mkdirat mknod mknodat newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2
    pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr rename renameat renameat2 rmdir
    sendfile setxattr splice stat statfs statx symlink symlinkat sync_file_range syncfs tee truncate umask unlink
    unlinkat utime utimensat utimes vmsplice write writev
"""
_MEMORY: Final = """
    brk madvise map_shadow_stack membarrier memfd_create mincore mlock mlock2 mlockall mmap mprotect mremap mseal msync
    munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages
"""
_PROCESSES: Final = """
    alarm arch_prctl capget capset execve execveat exit exit_group fork futex futex_requeue futex_wait futex_waitv
    futex_wake get_robust_list get_thread_area getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid getppid
    getpriority getresgid getresuid getrlimit getrusage getsid gettid getuid ioprio_get ioprio_set kill
    landlock_add_rule landlock_create_ruleset landlock_restrict_self pause pidfd_open pidfd_send_signal prctl prlimit64
    restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
    rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr
    sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam
    sched_setscheduler sched_yield seccomp set_robust_list set_thread_area set_tid_address setfsgid setfsuid setgid
    setgroups setpgid setpriority setregid setresgid setresuid setreuid setrlimit setsid setuid sigaltstack sysinfo
    tgkill times tkill uname vfork wait4 waitid
"""
_TIME_AND_EVENTS: Final = """
    clock_getres clock_gettime clock_nanosleep epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait
    eventfd eventfd2 getitimer getrandom gettimeofday io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit
    nanosleep poll ppoll pselect6 select setitimer signalfd signalfd4 time timer_create timer_delete timer_getoverrun
    timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime
"""
_MESSAGES: Final = """
    accept accept4 bind connect getpeername getsockname getsockopt listen mq_getsetattr mq_notify mq_open
    mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd recvfrom recvmmsg recvmsg semctl semget semop
    semtimedop sendmmsg sendmsg sendto setsockopt shmat shmctl shmdt shmget shutdown socketpair
"""
ALLOWED: Final = frozenset(f"{_FILES}{_MEMORY}{_PROCESSES}{_TIME_AND_EVENTS}{_MESSAGES}".split())

_UNIX, _INTERNET, _NETLINK = 1, (2, 10), 16
# Unspecified, TCP, UDP and the two ping protocols. Any other loads a module of the kernel that nobody needs here.
_PROTOCOLS: Final = (0, 6, 17, 1, 58)
_ROUTES = 0
_NEW_NAMESPACES: Final = 0x7E020000
_PERSONALITIES: Final = (0x0, 0x8, 0x20000, 0x20008, 0xFFFFFFFF)
_NOT_IMPLEMENTED: Final = 38
_ALLOW: Final = "SCMP_ACT_ALLOW"


@functools.cache
def profile() -> str:
    """The list as the engine takes it."""
    return json.dumps(
        {
            "defaultAction": "SCMP_ACT_ERRNO",
            # No other instruction sets: a program in one would be judged by numbers that mean something else there.
            "archMap": [
                {"architecture": f"SCMP_ARCH_{name}", "subArchitectures": []} for name in ("X86_64", "AARCH64")
            ],
            "syscalls": [{"names": sorted(ALLOWED), "action": _ALLOW}, *_sockets(), *_with_conditions()],
        }
    )


def _sockets() -> list[dict[str, Any]]:
    """Within the container: unix sockets, TCP and UDP, and the question what addresses there are."""
    internet = [_rule("socket", {0: family, 2: protocol}) for family in _INTERNET for protocol in _PROTOCOLS]
    return [_rule("socket", {0: _UNIX}), _rule("socket", {0: _NETLINK, 2: _ROUTES}), *internet]


def _with_conditions() -> list[dict[str, Any]]:
    no_namespace = {"index": 0, "value": _NEW_NAMESPACES, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
    return [
        *(_rule("personality", {0: value}) for value in _PERSONALITIES),
        {"names": ["clone"], "action": _ALLOW, "args": [no_namespace]},
        # Its flags lie in memory, where they cannot be looked at. Libraries take `clone` when it is not there.
        {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": _NOT_IMPLEMENTED},
    ]


def _rule(name: str, values: dict[int, int]) -> dict[str, Any]:
    conditions = [{"index": index, "value": value, "op": "SCMP_CMP_EQ"} for index, value in values.items()]
    return {"names": [name], "action": _ALLOW, "args": conditions}
