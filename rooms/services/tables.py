"""Which tables of the tenant's database a new room's list means."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from rooms.errors import TablesMissing


def matched(wanted: Sequence[str], existing: Sequence[str]) -> frozenset[str]:
    """The table that each wanted name means: the one spelt exactly so, else the only one that differs in case.

    Raises TablesMissing, naming those that do not exist and those that could mean several.
    """
    spellings = _by_lower_case(existing)
    missing = [name for name in wanted if name.lower() not in spellings]
    unclear = [name for name in wanted if name not in missing and _meant(name, spellings) is None]
    if missing or unclear:
        raise TablesMissing(_sentence(missing, unclear))
    return present(wanted, existing)


def present(wanted: Iterable[str], existing: Iterable[str]) -> frozenset[str]:
    """The tables that wanted names mean, leaving out names that mean none any more."""
    spellings = _by_lower_case(existing)
    meant = (_meant(name, spellings) for name in wanted)
    return frozenset(table for table in meant if table is not None)


def _by_lower_case(existing: Iterable[str]) -> dict[str, list[str]]:
    spellings: dict[str, list[str]] = defaultdict(list)
    for table in existing:
        spellings[table.lower()].append(table)
    return dict(spellings)


def _meant(name: str, spellings: dict[str, list[str]]) -> str | None:
    candidates = spellings.get(name.lower(), [])
    if name in candidates:
        return name
    return candidates[0] if len(candidates) == 1 else None


def _sentence(missing: list[str], unclear: list[str]) -> str:
    parts = []
    if missing:
        parts.append(f"allowed_tables names tables that do not exist: {', '.join(missing)}")
    if unclear:
        parts.append(f"allowed_tables names tables that exist in several spellings: {', '.join(unclear)}")
    return "; ".join(parts)
