"""What one container may use. Plain numbers; `hardening` turns them into the engine's settings."""

from dataclasses import dataclass

from runner.engine import errors

MIB = 1024 * 1024
_SMALLEST_MEMORY_BYTES = 16 * MIB


@dataclass(frozen=True)
class Limits:
    """The walls around one container.

    Memory includes the three tmpfs mounts and the kernel's share; there is no swap beyond it. ``stdout_bytes`` is a
    wall (a breach ends the stage), ``stderr_bytes`` is what is kept: the rest is read and dropped, up to
    ``stderr_flood_bytes``, which again is a wall.
    """

    memory_bytes: int = 256 * MIB
    cpus: float = 1.0
    pids: int = 256
    open_files: int = 4096
    stdout_bytes: int = 4 * MIB
    stderr_bytes: int = 64 * 1024
    stderr_flood_bytes: int = 64 * MIB

    def check(self) -> None:
        """Raise InvalidSpec unless every number can be a limit."""
        if self.memory_bytes < _SMALLEST_MEMORY_BYTES:
            raise errors.InvalidSpec("A container needs at least 16 MiB of memory.")
        smallest = min(self.cpus, self.pids, self.open_files, self.stdout_bytes, self.stderr_flood_bytes)
        if smallest <= 0 or self.stderr_bytes < 0:
            raise errors.InvalidSpec("Every limit of a container has to be positive.")
