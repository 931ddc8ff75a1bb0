"""The single source of time."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def unix(moment: datetime | None) -> float | None:
    """Seconds since 1970 as the wire writes them, or None."""
    return moment.timestamp() if moment is not None else None
