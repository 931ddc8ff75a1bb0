"""Each wall, read off a running container: what the engine says about it, and what the kernel says inside."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from runner.engine import system_calls
from runner.engine.base import ContainerSpec, ExitReason
from runner.engine.docker import DockerEngine
from runner.engine.limits import MIB, Limits
from tests.runner.engine.conftest import BASE_IMAGE

pytestmark = pytest.mark.docker

_LIMITS = Limits(memory_bytes=96 * MIB, cpus=0.5, pids=40, open_files=512)
_LOOK = r"""
import glob, json, os, resource
PLACES = ("/", "/app", "/etc", "/run", "/run/hive", "/run/hive-gate", "/tmp", "/var/tmp", "/home/agent",
          "/dev/shm", "/dev", "/sys", "/proc/sys", "/var", "/usr/bin")
def status():
    lines = open("/proc/self/status").read().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)
def can_write(path):
    try:
        with open(os.path.join(path, "probe"), "w") as f: f.write("x")
        return True
    except OSError: return False
def can_run(path):
    probe = os.path.join(path, "probe.sh")
    try:
        with open(probe, "w") as f: f.write("#!/bin/sh\nexit 0\n")
        os.chmod(probe, 0o755)
        return os.spawnv(os.P_WAIT, probe, [probe]) == 0
    except OSError: return False
mounts = {l.split()[1]: l.split()[2:4] for l in open("/proc/self/mounts")}
print(json.dumps({
    "status": status(), "ids": [os.getuid(), os.getgid(), os.getgroups()],
    "writable": [p for p in PLACES if can_write(p)],
    "executable": [p for p in PLACES if can_run(p)],
    "mounts": mounts, "interfaces": os.listdir("/sys/class/net"),
    "files": resource.getrlimit(resource.RLIMIT_NOFILE), "core": resource.getrlimit(resource.RLIMIT_CORE),
    "groups": open("/proc/self/cgroup").read(), "net": os.readlink("/proc/self/ns/net"),
    "devices": sorted(os.listdir("/dev")), "descriptors": sorted(os.listdir("/proc/self/fd")),
    "stdin": os.readlink("/proc/self/fd/0"),
}))
"""


@pytest.fixture
def walls(docker_engine: DockerEngine) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """What `docker inspect` says of a running container, and what its program saw."""
    spec = ContainerSpec(
        name=f"hivemind-test-walls-{time.monotonic_ns()}",
        image=BASE_IMAGE,
        run_id="0123456789ab",
        stage="query",
        entrypoint=("python3", "-c", _LOOK),
        limits=_LIMITS,
    )
    with docker_engine.prepare(spec) as prepared:
        inspected = docker.APIClient(version="auto").inspect_container(prepared.container_id)
        assert inspected["State"]["Running"]
        prepared.release({})
        ended = prepared.wait(time.monotonic() + 30)
        assert ended.reason is ExitReason.EXITED, ended.stderr
        yield inspected, json.loads(ended.stdout)


def test_the_engine_was_told_every_wall(walls: tuple[dict[str, Any], dict[str, Any]]) -> None:
    host = walls[0]["HostConfig"]
    expected = {
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "Privileged": False,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true", f"seccomp={system_calls.profile()}"],
        "IpcMode": "private",
        "CgroupnsMode": "private",
        "Memory": 96 * MIB,
        "MemorySwap": 96 * MIB,
        "NanoCpus": 500_000_000,
        "PidsLimit": 40,
        "OomKillDisable": False,
        "LogConfig": {"Type": "none", "Config": {}},
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "AutoRemove": False,
    }
    assert {name: host[name] for name in expected} == expected
    assert not host["CapAdd"]
    assert not host["Binds"]
    assert not host["Devices"]
    assert all(mount["ReadOnly"] for mount in host["Mounts"])
    assert walls[0]["Config"]["User"] == "1000:1000"
    assert set(walls[0]["NetworkSettings"]["Networks"] or ()) <= {"none"}


def test_the_container_is_labelled_as_ours(
    walls: tuple[dict[str, Any], dict[str, Any]], docker_engine: DockerEngine
) -> None:
    labels = walls[0]["Config"]["Labels"]
    assert labels["managed-by"] == "hivemind"
    assert labels["hivemind-run-id"] == "0123456789ab"
    assert labels["hivemind-stage"] == "query"
    assert labels["hivemind-instance"].startswith("test-")


def test_the_program_has_no_rights(walls: tuple[dict[str, Any], dict[str, Any]]) -> None:
    status = walls[1]["status"]
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert walls[1]["ids"][:2] == [1000, 1000]
    assert set(walls[1]["ids"][2]) <= {1000}


def test_only_memory_is_writable(walls: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert walls[1]["writable"] == ["/tmp", "/var/tmp", "/home/agent", "/dev/shm"]
    assert walls[1]["executable"] == ["/tmp", "/home/agent"]
    for place, size in (("/tmp", "65536k"), ("/var/tmp", "32768k"), ("/home/agent", "65536k")):
        kind, options = walls[1]["mounts"][place]
        assert kind == "tmpfs"
        assert {"nosuid", "nodev", f"size={size}"} <= set(options.split(","))


def test_the_only_network_is_its_own_loopback(walls: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert walls[1]["interfaces"] == ["lo"]
    assert walls[1]["net"] != str(Path("/proc/self/ns/net").readlink())


def test_the_kernel_limits_files_and_cores(walls: tuple[dict[str, Any], dict[str, Any]]) -> None:
    assert walls[1]["files"] == [512, 512]
    assert walls[1]["core"] == [0, 0]


def test_nothing_of_the_gate_or_the_host_is_open(walls: tuple[dict[str, Any], dict[str, Any]]) -> None:
    # The fourth is the listing of the directory itself.
    assert walls[1]["descriptors"] == ["0", "1", "2", "3"]
    assert walls[1]["stdin"] == "/dev/null"
    assert not {"kmsg", "mem", "sda", "vda", "kvm", "fuse"} & set(walls[1]["devices"])
