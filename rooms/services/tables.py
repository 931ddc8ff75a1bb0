"""Which tables of the tenant's database a room's list means."""

from collections import defaultdict
from collections.abc import Iterable

from rooms.errors import TablesMissing


def check_all_exist(wanted: Iterable[str], existing: Iterable[str]) -> None:
    """Raise TablesMissing, naming the tables that do not exist and the names that could mean several."""
    spellings = _by_lower_case(existing)
    missing, unclear = [], []
    for name in wanted:
        if name.lower() not in spellings:
            missing.append(name)
        elif _meant(name, spellings) is None:
            unclear.append(name)
    if missing or unclear:
        raise TablesMissing(_sentence(missing, unclear))


def present(wanted: Iterable[str], existing: Iterable[str]) -> frozenset[str]:
    """The tables that wanted names mean: the one spelt exactly so, else the only one that differs in case.

    Names that mean none, or more than one, are left out.
    """
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
