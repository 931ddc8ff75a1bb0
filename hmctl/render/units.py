"""Moments, sizes, durations and money as people read them."""

from datetime import UTC, datetime


def moment(unix_seconds: float | None) -> str:
    """`2026-01-02 03:04 UTC`, or a dash."""
    if unix_seconds is None:
        return "-"
    try:
        return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return "-"


def duration(seconds: float) -> str:
    """`0.8s`, `12s`, `3m05s`."""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f}s"
    whole = int(seconds)
    return f"{whole}s" if whole < 60 else f"{whole // 60}m{whole % 60:02d}s"


def size(count: int) -> str:
    """`512 B`, `1.5 KiB`, `20 MiB`."""
    value = float(count)
    for unit in ("B", "KiB", "MiB"):
        if value < 1024 or unit == "MiB":
            break
        value /= 1024
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"


def micro_usd(amount: int) -> str:
    """Dollars with six decimals; the sign stands before the dollar."""
    sign = "-" if amount < 0 else ""
    return f"{sign}${abs(amount) // 1_000_000}.{abs(amount) % 1_000_000:06d}"
