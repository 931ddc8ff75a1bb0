"""Which services this checkout runs by itself: those whose address nobody configured."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from hivemind.local.paths import Layout
from hivemind.local.postgres import Postgres
from hivemind.local.redis import Redis


class Part(Protocol):
    """An embedded service. Every call is idempotent and safe beside another process making the same one."""

    name: ClassVar[str]

    def ensure(self) -> bool:
        """Start it unless it runs; return whether it was started. Raises LocalError."""

    def running(self) -> bool:
        """Return whether it answers."""

    def alive(self) -> bool:
        """Return whether its process exists."""

    def stop(self) -> bool:
        """Stop it, losing nothing; return whether it was running."""


def parts(layout: Layout, *, database_url: str, redis_url: str) -> list[Part]:
    """Return the services to embed, in the order of their start: those that no address is given for."""
    found: list[Part] = []
    if not database_url:
        found.append(Postgres(layout))
    if not redis_url:
        found.append(Redis(layout))
    return found


def ensure_all(services: Sequence[Part]) -> list[Part]:
    """Start what does not run, and return what was started."""
    return [part for part in services if part.ensure()]


def revive(services: Sequence[Part]) -> list[Part]:
    """Start again what has died, and return it. One that is merely busy is left alone."""
    return [part for part in services if not part.alive() and part.ensure()]


def stop_all(services: Sequence[Part]) -> list[Part]:
    """Stop in reverse order, and return what was running."""
    return [part for part in reversed(services) if part.stop()]
