"""Files, devices and sockets through which a container is left, each opened or written for real."""

import contextlib
import ctypes
import fcntl
import functools
import glob
import mmap
import os
import socket
import stat
import struct
from pathlib import Path

from tests.hostile.agent import privileges
from tests.hostile.agent.trying import DONE, Attempt, Steps, outcome, reading, writing

MARKER = "marker-of-the-host"
# Written to with a value that the kernel would take.
WRITES: dict[str, tuple[str, str]] = {
    "core-pattern": ("/proc/sys/kernel/core_pattern", "|/tmp/payload"),
    "modprobe-path": ("/proc/sys/kernel/modprobe", "/tmp/payload"),
    "hotplug-path": ("/proc/sys/kernel/hotplug", "/tmp/payload"),
    "binary-formats": ("/proc/sys/fs/binfmt_misc/register", ":x:M::xx::/tmp/payload:F"),
    "magic-request": ("/proc/sysrq-trigger", "s"),
    "magic-request-switch": ("/proc/sys/kernel/sysrq", "1"),
    "overcommit": ("/proc/sys/vm/overcommit_memory", "1"),
    "drop-caches": ("/proc/sys/vm/drop_caches", "3"),
    "address-randomization": ("/proc/sys/kernel/randomize_va_space", "0"),
    "host-name": ("/proc/sys/kernel/hostname", "hive"),
    "most-user-namespaces": ("/proc/sys/user/max_user_namespaces", "99"),
    "forwarding": ("/proc/sys/net/ipv4/ip_forward", "1"),
    "ping-groups": ("/proc/sys/net/ipv4/ping_group_range", "0 0"),
    "shared-memory-limit": ("/proc/sys/kernel/shmmax", "99999999999"),
    "interrupt-affinity": ("/proc/irq/default_smp_affinity", "1"),
    "user-map": ("/proc/self/uid_map", "0 0 1"),
    "group-map": ("/proc/self/gid_map", "0 0 1"),
    "out-of-memory-score": ("/proc/self/oom_score_adj", "-1000"),
    "memory-of-init": ("/proc/1/mem", "x"),
    "hot-plug-helper": ("/sys/kernel/uevent_helper", "/tmp/payload"),
    "power-state": ("/sys/power/state", "mem"),
    "huge-pages": ("/sys/kernel/mm/transparent_hugepage/enabled", "always"),
    "block-scheduler": ("/sys/block/vda/queue/scheduler", "none"),
    "interface-size": ("/sys/class/net/lo/mtu", "900"),
    "memory-limit": ("/sys/fs/cgroup/memory/memory.limit_in_bytes", "99999999999"),
    "memory-limit-2": ("/sys/fs/cgroup/memory.max", "max"),
    "process-limit": ("/sys/fs/cgroup/pids/pids.max", "max"),
    "process-limit-2": ("/sys/fs/cgroup/pids.max", "max"),
    "processor-limit": ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1"),
    "leave-the-group": ("/sys/fs/cgroup/memory/cgroup.procs", "1"),
    "device-rules": ("/sys/fs/cgroup/devices/devices.allow", "a *:* rwm"),
    "gate-shell": ("/run/hive-gate/busybox", "x"),
    "gate-inputs": ("/run/hive/in/GREETING", "x"),
    "hosts-file": ("/etc/hosts", "6.6.6.6 localhost"),
    "accounts": ("/etc/passwd", "root::0:0::/:/bin/sh"),
    "interpreter-of-the-image": (os.path.realpath("/usr/bin/python3"), "x"),
    "own-program": ("/proc/self/exe", "x"),
    "program-of-init": ("/proc/1/exe", "x"),
    "own-source": ("/app/tests/hostile/agent/main.py", "x"),
    "open-file-of-the-image": ("/opt/baked/open/file", "x"),
    "preloaded-library": ("/etc/ld.so.preload", "/tmp/payload.so"),
}
READS: dict[str, str] = {
    "kernel-memory": "/proc/kcore",
    "physical-memory": "/dev/mem",
    "kernel-messages": "/dev/kmsg",
    "ports": "/dev/port",
    "keys-of-all": "/proc/keys",
    "secrets-of-accounts": "/etc/shadow",
    "stack-of-the-kernel": "/proc/self/stack",
    "firmware-tables": "/sys/firmware/dmi/tables/DMI",
    "kernel-debugging": "/sys/kernel/debug/sched/debug",
    "kernel-tracing": "/sys/kernel/tracing/trace",
    "host-disk": "/dev/vda",
    "host-disk-2": "/dev/sda",
    "virtual-machines": "/dev/kvm",
    "file-systems-in-user-space": "/dev/fuse",
    "tunnels": "/dev/net/tun",
    "loop-devices": "/dev/loop-control",
    "device-mapper": "/dev/mapper/control",
    "confidential-guest": "/dev/tdx_guest",
    "confidential-guest-2": "/dev/sev-guest",
    "vsock-device": "/dev/vsock",
    "event-bus": "/dev/uhid",
}
SOCKETS = (
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
    "/var/run/dstack.sock",
    "/var/run/tappd.sock",
    "/run/systemd/private",
    "/run/dbus/system_bus_socket",
)


def _write(name: str) -> Steps:
    path, content = WRITES[name]
    return {f"write {path}": outcome(writing(path, content)), f"replace {path}": outcome(lambda: os.unlink(path))}


def _read(name: str) -> Steps:
    path = READS[name]
    answer = outcome(reading(path))
    return {f"read {path}": "EMPTY" if answer in (f"{DONE} b''", f"{DONE} {bytes(64)!r}") else answer}


def _release_agent() -> Steps:
    """The best known way out of the first version of control groups."""
    steps = {}
    for base in sorted(glob.glob("/sys/fs/cgroup/*/")) or ["/sys/fs/cgroup/"]:
        steps[f"make a group in {base}"] = outcome(functools.partial(os.mkdir, f"{base}hive"))
        steps[f"name an agent in {base}"] = outcome(
            functools.partial(os.open, f"{base}release_agent", os.O_WRONLY | os.O_CREAT)
        )
    return steps


def _device_nodes() -> Steps:
    steps = {}
    for name, kind, major, minor in (
        ("disk", stat.S_IFBLK, 8, 0),
        ("memory", stat.S_IFCHR, 1, 1),
        ("kvm", stat.S_IFCHR, 10, 232),
    ):
        make = functools.partial(os.mknod, f"/tmp/{name}", kind | 0o666, os.makedev(major, minor))
        steps[f"make a node for {name}"] = outcome(make)
    return steps


def _engine_sockets() -> Steps:
    steps = {}
    for path in SOCKETS:
        with socket.socket(socket.AF_UNIX) as client:
            steps[path] = outcome(functools.partial(client.connect, path))
    return steps


def _any_socket_file() -> Steps:
    found = []
    for folder, folders, files in os.walk("/"):
        folders[:] = [] if folder in ("/proc", "/sys") else folders
        paths = (os.path.join(folder, name) for name in files)
        found += [path for path in paths if os.path.lexists(path) and stat.S_ISSOCK(os.lstat(path).st_mode)]
    return {"a socket anywhere": f"{DONE} {found}" if found else "ENOENT"}


def _abstract_sockets() -> Steps:
    """What listens beside the file system, such as old versions of containerd's shim do."""
    found = [line.split()[-1] for line in Path("/proc/net/unix").read_text().splitlines()[1:] if "@" in line]
    return {"an abstract socket": f"{DONE} {found}" if found else "ENOENT"}


def _files_of_the_host() -> Steps:
    """A file that the test has put in several places of the host, under every root that can be named."""
    roots = [
        "",
        "/proc/1/root",
        "/proc/self/root",
        "/proc/self/cwd/..",
        "/proc/thread-self/root",
        "/host",
        "/rootfs",
        "/mnt",
    ]
    places = ("/tmp", "/root", "/var/tmp", "/dev/shm", "/home")
    steps = {}
    for root in roots:
        found = [place for place in places if glob.glob(f"{root}{place}/{MARKER}*")]
        steps[f"under {root or '/'}"] = f"{DONE} {found}" if found else "ENOENT"
    for fd in range(3, 64):
        with contextlib.suppress(OSError):
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                steps[f"descriptor {fd}"] = f"{DONE} {os.listdir(fd)}"
    return steps


def _other_processes() -> Steps:
    """Everybody that can be seen has to be an ancestor in this container: at most the program itself."""
    mine = {1, os.getpid(), os.getppid()}
    seen = {int(name) for name in os.listdir("/proc") if name.isdigit()} - mine
    return {"processes of others": f"{DONE} {seen}" if seen else "ESRCH"}


def _links_in_memory() -> Steps:
    """Links that lead from writable memory to what is not, followed by reading, writing and renaming."""
    steps = {}
    targets = {"shadow": "/etc/shadow", "gate": "/run/hive-gate/busybox", "out": "/run/hive/../../etc/passwd"}
    for name, target in targets.items():
        link = f"/tmp/link-{name}"
        os.symlink(target, link)
        steps[f"write through {target}"] = outcome(writing(link, "x"))
        steps[f"hard link to {target}"] = outcome(functools.partial(os.link, target, f"/tmp/hard-{name}"))
    os.symlink("/run/hive", "/tmp/hive")
    steps["make a file in the gate"] = outcome(functools.partial(os.open, "/tmp/hive/new", os.O_WRONLY | os.O_CREAT))
    steps["make a pipe in the gate"] = outcome(functools.partial(os.mkfifo, "/tmp/hive/gate"))
    steps["move the gate"] = outcome(functools.partial(os.rename, "/run/hive", "/tmp/moved"))
    steps["move memory over the gate"] = outcome(functools.partial(os.rename, "/tmp/hive", "/run/hive"))
    steps["change who owns the gate"] = outcome(functools.partial(os.chmod, "/run/hive", 0o777))
    return steps


def _before_the_gate() -> Steps:
    """The image sets ENV, BASH_ENV and LD_PRELOAD: what would have run before the release has left a mark."""
    there = os.environ.get("HIVE_EARLY") == "1"
    return {"ran early": f"{DONE}" if os.path.exists("/tmp/early") or not there else "ENOENT"}


def _gate_opens_once() -> Steps:
    return {
        "read the gate again": outcome(reading("/run/hive/gate")),
        "the script in the parent's memory": outcome(reading("/proc/1/environ")) if os.getpid() == 1 else "ESRCH",
    }


def _instruction_set_of_32_bits() -> Steps:
    """`int 0x80` with the number of mount, which means something else to the other instruction set."""
    code = b"\xb8\x15\x00\x00\x00\xcd\x80\xc3"
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
    return {"answer": f"{DONE} {call()}"}


def _physical_addresses() -> Steps:
    """Where a page of its own lies in the machine's memory, as it would be needed to hammer a row."""
    page = ctypes.create_string_buffer(b"x" * 8192)
    with open("/proc/self/pagemap", "rb", buffering=0) as pages:
        pages.seek((ctypes.addressof(page) + 4096) // 4096 * 8)
        (entry,) = struct.unpack("Q", pages.read(8))
    frame = entry & ((1 << 55) - 1)
    return {"the frame of a page": f"{DONE} {frame:x}" if frame or not entry >> 63 else "EMPTY"}


def _terminal_input() -> Steps:
    steps = {}
    for path in ("/dev/tty", "/dev/console", "/dev/tty0", "/dev/pts/0"):

        def push(path: str = path) -> object:
            descriptor = os.open(path, os.O_RDWR)
            return fcntl.ioctl(descriptor, 0x5412, struct.pack("c", b"x"))

        steps[f"type into {path}"] = outcome(push)
    return steps


ATTEMPTS: dict[str, Attempt] = {
    **{f"write-{name}": functools.partial(_write, name) for name in WRITES},
    **{f"read-{name}": functools.partial(_read, name) for name in READS},
    "release-agent": _release_agent,
    "device-nodes": _device_nodes,
    "engine-sockets": _engine_sockets,
    "any-socket-file": _any_socket_file,
    "abstract-sockets": _abstract_sockets,
    "files-of-the-host": _files_of_the_host,
    "other-processes": _other_processes,
    "links-in-memory": _links_in_memory,
    **privileges.ATTEMPTS,
    "before-the-gate": _before_the_gate,
    "gate-opens-once": _gate_opens_once,
    "instruction-set-of-32-bits": _instruction_set_of_32_bits,
    "physical-addresses": _physical_addresses,
    "terminal-input": _terminal_input,
}
