"""What an engine adapter has to be told. The settings module of the application fills it in."""

import re
from dataclasses import dataclass
from pathlib import Path

from runner.engine import errors

_INSTANCE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}")


@dataclass(frozen=True)
class EngineConfig:
    """``instance`` names this installation among others on the same machine; it becomes a label and a folder's name.

    ``state_directory`` keeps the gate's shell; the engine must see the same path, as it is mounted into containers.
    ``base_url`` is the engine's address, by default DOCKER_HOST or the local socket. ``base_image`` is what agents are
    built FROM; the gate's shell is taken out of it, at ``shell_path``.
    """

    instance: str
    state_directory: Path
    base_url: str | None = None
    base_image: str = "hivemind-agent-base:latest"
    shell_path: str = "/bin/busybox"
    stage_root: Path | None = None
    call_timeout_seconds: int = 60
    connections: int = 32

    def __post_init__(self) -> None:
        if not _INSTANCE.fullmatch(self.instance):
            raise errors.InvalidSpec("An installation's name has at most 63 letters, digits, points, dashes.")
