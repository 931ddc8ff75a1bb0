"""System calls that lead out of a container, or into the kernel, each made for real with arguments that would do."""

import ctypes
import functools
import os
import socket
import struct

from tests.hostile.agent.trying import Attempt, Steps, outcome, syscall, text

_NAMESPACES = {
    "mount": 0x00020000,
    "cgroup": 0x02000000,
    "uts": 0x04000000,
    "ipc": 0x08000000,
    "user": 0x10000000,
    "pid": 0x20000000,
    "net": 0x40000000,
    "time": 0x00000080,
}
_TMP = text("/tmp")
_NONE = text("none")
_KEPT = [_TMP, _NONE]


def _kept(value: str) -> object:
    _KEPT.append(text(value))
    return _KEPT[-1]


# What is called, the number on x86-64, and arguments with which root on a bare machine would succeed.
CALLS: dict[str, tuple[int, tuple[object, ...]]] = {
    "mount-tmpfs": (165, (_NONE, _TMP, _kept("tmpfs"), 0, 0)),
    "mount-proc": (165, (_NONE, _TMP, _kept("proc"), 0, 0)),
    "mount-sysfs": (165, (_NONE, _TMP, _kept("sysfs"), 0, 0)),
    "mount-cgroup": (165, (_NONE, _TMP, _kept("cgroup"), 0, _kept("memory"))),
    "mount-overlay": (165, (_NONE, _TMP, _kept("overlay"), 0, _kept("lowerdir=/,upperdir=/tmp,workdir=/tmp"))),
    "mount-bind": (165, (_kept("/"), _TMP, 0, 4096, 0)),
    "remount-writable": (165, (_NONE, _kept("/"), 0, 32, 0)),
    "umount-gate": (166, (_kept("/run/hive"), 2)),
    "umount-root": (166, (_kept("/"), 2)),
    "pivot-root": (155, (_TMP, _TMP)),
    "chroot": (161, (_TMP,)),
    "open-tree": (428, (-100, _kept("/"), 1)),
    "move-mount": (429, (-100, _kept("/"), -100, _TMP, 0)),
    "fsopen": (430, (_kept("tmpfs"), 0)),
    "fspick": (433, (-100, _kept("/"), 0)),
    "mount-setattr": (442, (-100, _kept("/"), 0, _kept("\0" * 64), 32)),
    "open-by-handle": (304, (3, _kept("\x08\0\0\0\x01\0\0\0\x02"), 0)),
    "keyctl-join-session": (250, (1, _kept("hive"))),
    "add-key": (248, (_kept("user"), _kept("hive"), _kept("secret"), 6, -3)),
    "request-key": (249, (_kept("user"), _kept("hive"), 0, -3)),
    "bpf-map": (321, (0, _kept("\x01\0\0\0\x04\0\0\0\x04\0\0\0\x01" + "\0" * 100), 72)),
    "userfaultfd": (323, (0,)),
    "userfaultfd-user-mode": (323, (1,)),
    "perf-event": (298, (_kept("\x01\0\0\0\x70\0\0\0" + "\0" * 104), 0, -1, -1, 0)),
    "io-uring": (425, (8, _kept("\0" * 120))),
    "fanotify": (300, (0, 0)),
    "init-module": (175, (_TMP, 4, _kept(""))),
    "finit-module": (313, (0, _kept(""), 0)),
    "delete-module": (176, (_kept("dummy"), 0)),
    "kexec-load": (246, (0, 0, 0, 0)),
    "kexec-file-load": (320, (-1, -1, 0, 0, 0)),
    "reboot": (169, (0xFEE1DEAD - (1 << 32), 672274793, 0, 0)),
    "swapon": (167, (_TMP, 0)),
    "swapoff": (168, (_TMP,)),
    "acct": (163, (_kept("/tmp/acct"),)),
    "quotactl": (179, (0x800001, _kept("/dev/vda"), 0, 0)),
    "syslog": (103, (3, _kept("\0" * 64), 64)),
    "iopl": (172, (3,)),
    "ioperm": (173, (0, 8, 1)),
    "settimeofday": (164, (_kept("\0" * 16), 0)),
    "clock-settime": (227, (0, _kept("\0" * 16))),
    "adjtimex": (159, (_kept("\x01" + "\0" * 220),)),
    "sethostname": (170, (_TMP, 4)),
    "setdomainname": (171, (_TMP, 4)),
    "vhangup": (153, ()),
    "lookup-dcookie": (212, (0, _TMP, 4)),
    "move-pages-of-init": (279, (1, 1, _kept("\0" * 8), _kept("\0" * 8), _kept("\0" * 8), 2)),
    "setuid-root": (105, (0,)),
    "setgid-root": (106, (0,)),
    "setresuid-root": (117, (0, 0, 0)),
    "setgroups": (116, (0, 0)),
    "capset-all": (126, (_kept("\x22\x05\x08\x20\0\0\0\0"), _kept("\x7f" * 24))),
    "raise-ambient-capability": (157, (47, 2, 21, 0, 0)),
    "raise-memory-lock": (160, (8, _kept("\x7f" * 7 + "\0" + "\x7f" * 7 + "\0"))),
    "raise-open-files": (160, (7, _kept("\0\0\x10\0\0\0\0\0" * 2))),
    "real-time-priority": (144, (0, 1, _kept("\x63\0\0\0"))),
    "higher-priority": (141, (0, 0, -20)),
    "clone3-user-namespace": (435, (_kept("\0\0\0\x10" + "\0" * 84), 88)),
    "process-by-its-number": (434, (int(os.environ.get("HOST_PROCESS", "4000000")), 0)),
    "ptrace-a-host-process": (101, (16, int(os.environ.get("HOST_PROCESS", "4000000")), 0, 0)),
    "signal-a-host-process": (62, (int(os.environ.get("HOST_PROCESS", "4000000")), 0)),
    "read-a-host-process": (
        310,
        (int(os.environ.get("HOST_PROCESS", "4000000")), _kept("\0" * 16), 1, _kept("\0" * 16), 1, 0),
    ),
}


def _call(name: str) -> Steps:
    number, arguments = CALLS[name]
    return {name: outcome(lambda: syscall(number, *arguments))}


def _unshare(kind: str) -> Steps:
    return {f"unshare {kind}": outcome(lambda: syscall(272, _NAMESPACES[kind]))}


def _unshare_together() -> Steps:
    together = functools.reduce(int.__or__, (flag for name, flag in _NAMESPACES.items() if name != "time"))
    return {"unshare all": outcome(lambda: syscall(272, together))}


def _clone_into_user_namespace() -> Steps:
    def clone() -> object:
        child = syscall(56, 0x10000000 | 17, 0, 0, 0, 0)
        if child == 0:
            os._exit(0)
        return child

    return {"clone": outcome(clone)}


def _setns(kind: str) -> Steps:
    def enter() -> object:
        descriptor = os.open(f"/proc/self/ns/{kind}", os.O_RDONLY)
        return syscall(308, descriptor, 0)

    return {f"setns {kind}": outcome(enter)}


def _socket(family: int, kind: int, protocol: int = 0) -> Steps:
    return {"socket": outcome(lambda: socket.socket(family, kind, protocol))}


def _bring_an_interface_up() -> Steps:
    """An address for the loopback, asked of the kernel over netlink."""

    def ask() -> object:
        with socket.socket(16, socket.SOCK_RAW, 0) as netlink:
            body = struct.pack("BBBBi", socket.AF_INET, 24, 0, 0, 1) + struct.pack("HH4s", 8, 2, b"\x0a\x09\x09\x09")
            netlink.send(struct.pack("IHHII", 16 + len(body), 20, 0x405, 1, 0) + body)
            (code,) = struct.unpack_from("i", netlink.recv(4096), 16)
        if code:
            raise OSError(-code, os.strerror(-code))
        return code

    return {"add an address": outcome(ask)}


def _no_more_no_new_privileges() -> Steps:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 0, 0, 0, 0)
    kept = libc.prctl(39, 0, 0, 0, 0) == 1
    return {"take no-new-privileges back": "EPERM" if kept else "DONE"}


ATTEMPTS: dict[str, Attempt] = {
    **{name: functools.partial(_call, name) for name in CALLS},
    **{f"unshare-{kind}": functools.partial(_unshare, kind) for kind in _NAMESPACES},
    "unshare-all": _unshare_together,
    "clone-user-namespace": _clone_into_user_namespace,
    **{f"setns-{kind}": functools.partial(_setns, kind) for kind in ("net", "mnt", "pid", "user", "ipc")},
    "raw-ip-socket": functools.partial(_socket, socket.AF_INET, socket.SOCK_RAW, 255),
    "raw-icmp-socket": functools.partial(_socket, socket.AF_INET, socket.SOCK_RAW, 1),
    "raw-ipv6-socket": functools.partial(_socket, socket.AF_INET6, socket.SOCK_RAW, 58),
    "packet-socket": functools.partial(_socket, 17, socket.SOCK_RAW, 0x0300),
    "vsock-to-the-hypervisor": functools.partial(_socket, 40, socket.SOCK_STREAM),
    "kernel-crypto-socket": functools.partial(_socket, 38, socket.SOCK_SEQPACKET),
    "key-management-socket": functools.partial(_socket, 15, socket.SOCK_RAW, 2),
    "bluetooth-socket": functools.partial(_socket, 31, socket.SOCK_RAW, 1),
    "can-socket": functools.partial(_socket, 29, socket.SOCK_RAW, 1),
    "tipc-socket": functools.partial(_socket, 30, socket.SOCK_SEQPACKET),
    "rds-socket": functools.partial(_socket, 21, socket.SOCK_SEQPACKET),
    "smc-socket": functools.partial(_socket, 43, socket.SOCK_STREAM),
    "xdp-socket": functools.partial(_socket, 44, socket.SOCK_RAW),
    "netlink-audit-socket": functools.partial(_socket, 16, socket.SOCK_RAW, 9),
    "netlink-netfilter-socket": functools.partial(_socket, 16, socket.SOCK_RAW, 12),
    "netlink-new-address": _bring_an_interface_up,
    "take-no-new-privileges-back": _no_more_no_new_privileges,
}
