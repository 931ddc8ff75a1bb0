"""The walls around a container, as the engine's own settings. Pure: values in, a dictionary out.

Everything is stated, also what is the engine's default today, so that another engine or version cannot weaken it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from runner.engine import system_calls
from runner.engine.base import ContainerSpec
from runner.engine.limits import MIB, Limits

MANAGED_BY_LABEL: Final = "managed-by"
MANAGED_BY: Final = "hivemind"
INSTANCE_LABEL: Final = "hivemind-instance"
RUN_LABEL: Final = "hivemind-run-id"
STAGE_LABEL: Final = "hivemind-stage"

_TMPFS_INODES = 32768
_SHARED_MEMORY_BYTES = 64 * MIB


def tmpfs(*, uid: int, gid: int, volumes: Sequence[str]) -> dict[str, str]:
    """The writable places. A VOLUME of the image becomes a small one too, else it would be unlimited host disk."""
    inodes = f"nr_inodes={_TMPFS_INODES}"
    places = dict.fromkeys(volumes, f"rw,noexec,nosuid,nodev,size=16m,uid={uid},gid={gid},{inodes}")
    return places | {
        "/tmp": f"rw,exec,nosuid,nodev,size=64m,mode=1777,{inodes}",  # noqa: S108 - inside the container
        "/var/tmp": f"rw,noexec,nosuid,nodev,size=32m,mode=1777,{inodes}",  # noqa: S108 - inside the container
        "/home/agent": f"rw,exec,nosuid,nodev,size=64m,uid={uid},gid={gid},mode=0755,{inodes}",
    }


def host_config(
    spec: ContainerSpec, *, mounts: Sequence[Mapping[str, Any]], volumes: Sequence[str] = ()
) -> dict[str, Any]:
    """The host's half of a container's settings. ``mounts`` are the gate's; all of them have to be read-only."""
    return {
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "Tmpfs": tmpfs(uid=spec.uid, gid=spec.gid, volumes=volumes),
        "Mounts": [dict(mount) for mount in mounts],
        "Privileged": False,
        "CapAdd": [],
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true", f"seccomp={system_calls.profile()}"],
        "IpcMode": "private",
        "PidMode": "",
        "UTSMode": "",
        "CgroupnsMode": "private",
        "ShmSize": _SHARED_MEMORY_BYTES,
        "LogConfig": {"Type": "none", "Config": {}},
        "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0},
        "AutoRemove": False,
        "Init": False,
        **_resources(spec.limits),
        **({"Runtime": spec.runtime} if spec.runtime else {}),
    }


def _resources(limits: Limits) -> dict[str, Any]:
    return {
        "Memory": limits.memory_bytes,
        "MemorySwap": limits.memory_bytes,
        "NanoCpus": int(limits.cpus * 1_000_000_000),
        "PidsLimit": limits.pids,
        "OomKillDisable": False,
        "OomScoreAdj": 500,
        "Ulimits": [
            {"Name": "nofile", "Soft": limits.open_files, "Hard": limits.open_files},
            {"Name": "core", "Soft": 0, "Hard": 0},
        ],
    }


def labels(*, instance: str, run_id: str = "", stage: str = "") -> dict[str, str]:
    """The labels by which an installation finds what is its own."""
    own = {MANAGED_BY_LABEL: MANAGED_BY, INSTANCE_LABEL: instance}
    return own | ({RUN_LABEL: run_id, STAGE_LABEL: stage} if run_id else {})
