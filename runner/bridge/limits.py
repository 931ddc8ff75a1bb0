"""What one stage may take of the bridge that it shares with others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BridgeLimits:
    """Bounds that hold for every stage on its own.

    `max_structures` bounds how many objects and arrays a body may open, since each takes far more memory than
    its text. A body above `large_body_bytes` makes the stage's next large one wait, so that parsing never
    takes more than a fraction of the shared loop.
    """

    max_body_bytes: int = 8 * 1024 * 1024
    large_body_bytes: int = 256 * 1024
    max_structures: int = 250_000
    body_seconds: float = 30.0
    header_seconds: float = 10.0
    keepalive_seconds: float = 75.0
    max_connections: int = 64
    bodies_at_once: int = 4
