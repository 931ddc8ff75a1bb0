"""Numbers and tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def as_number(value: object) -> float:
    """A number that may have come as text; 0 for what is none."""
    try:
        return float(str(value))
    except ValueError:
        return 0.0


def number(value: object) -> str:
    """1234.5 → 1,234.5"""
    amount = as_number(value)
    return f"{amount:,.0f}" if amount == int(amount) else f"{amount:,.2f}"


def cell(value: object) -> str:
    """One value, safe inside a table."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number(value)
    text = "-" if value is None else str(value)
    return " ".join(text.replace("|", "\\|").split())


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [headers, ["---"] * len(headers), *([cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def label(name: str) -> str:
    """watched_at → watched at"""
    return name.replace("_", " ")
