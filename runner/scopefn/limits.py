"""What one scope function may use."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ScopeLimits:
    """Limits of one scope function and its process; whatever goes over them is denied.

    ``cpu_seconds`` counts over the life of one process, everything else is per call. ``restarts`` is how
    many times a process that broke a limit is replaced before every further call is denied.
    """

    call_seconds: float = 15.0
    start_seconds: float = 15.0
    cpu_seconds: int = 60
    memory_bytes: int = 512 * MIB
    input_bytes: int = 64 * MIB
    output_chars: int = 1_000_000
    restarts: int = 3
