"""Masks: what stands in a visible column instead of its value.

Like conditions they cannot fail, whatever the value is: a predicate over a masked column may be tried on hidden rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from psycopg import sql

from runner.rowpolicies.errors import PoliciesInvalid

MAX_CONSTANT_CHARS: Final = 1_000
MAX_LEFT: Final = 10_000
MAX_BUCKET: Final = 10**12
HASH_DIGITS: Final = 32

UNITS: Final = ("year", "quarter", "month", "week", "day", "hour", "minute")
_NUMBERS: Final = ("smallint", "integer", "bigint", "numeric", "real", "double precision")
# What a moment must lie between to be rounded down: close to the ends of a calendar rounding fails. Others become null.
_MOMENTS: Final[Mapping[str, str]] = {
    "date": "pg_catalog.date_trunc({unit}, CAST({column} AS timestamp))::date",
    "timestamp without time zone": "pg_catalog.date_trunc({unit}, {column})",
    "timestamp with time zone": "pg_catalog.date_trunc({unit}, {column}, 'UTC')",
}


@dataclass(frozen=True)
class Mask:
    """One mask as it was stated, and checked: `kind` and what it takes."""

    kind: str
    value: Any = None

    def to_wire(self) -> object:
        """The mask as policies state it."""
        return self.kind if self.value is None else {self.kind: self.value}


def parse(stated: object, *, where: str) -> Mask:
    """The mask that was stated. `where` names table and column. Raises PoliciesInvalid."""
    if stated is None or stated == "null":
        return Mask("null")
    if stated == "hash":
        return Mask("hash")
    if isinstance(stated, Mapping) and len(stated) == 1:
        ((kind, value),) = stated.items()
        check = _CHECKS.get(kind)
        if check is not None and check(value):
            return Mask(kind, value)
    raise PoliciesInvalid(
        f"{where}: its mask is not one that is known",
        detail=f'{where}: a mask is "null", "hash", {{"constant": value}}, {{"left": n}}, {{"bucket": n}}'
        f' or {{"trunc": unit}} with a unit of {", ".join(UNITS)}',
    )


def compiled(mask: Mask, *, column: str, kind: str, key: sql.Composable) -> sql.Composable:
    """What the view shows for `column` of the type `kind`; `key` reads the run's key. Raises PoliciesInvalid."""
    name = sql.Identifier(column)
    typed = sql.SQL("bpchar" if kind == "character" else kind)
    match mask.kind:
        case "null":
            return sql.SQL("CAST(NULL AS {})").format(typed)
        case "hash":
            salted = sql.SQL("{} || pg_catalog.convert_to(CAST({} AS text), 'UTF8')").format(key, name)
            digest = sql.SQL("pg_catalog.encode(pg_catalog.sha256({}), 'hex')").format(salted)
            return sql.SQL("pg_catalog.left({}, {})").format(digest, sql.SQL(str(HASH_DIGITS)))
        case "constant":
            return sql.SQL("CAST({} AS {})").format(sql.Literal(_text(mask.value)), typed)
        case "left":
            return sql.SQL("pg_catalog.left(CAST({} AS text), {})").format(name, sql.SQL(str(int(mask.value))))
        case "bucket":
            return _bucket(name, kind, sql.SQL(str(int(mask.value))))
        case _:
            return _trunc(name, kind, str(mask.value))


def _bucket(name: sql.Composable, kind: str, size: sql.Composable) -> sql.Composable:
    if kind not in _NUMBERS:
        raise PoliciesInvalid("a bucket is of numbers")
    return sql.SQL("pg_catalog.floor(CAST({} AS numeric) / {}) * {}").format(name, size, size)


def _trunc(name: sql.Composable, kind: str, unit: str) -> sql.Composable:
    template = _MOMENTS.get(kind)
    if template is None or (kind == "date" and unit in ("hour", "minute")):
        raise PoliciesInvalid(f"a column that is not a moment can't be rounded down to a {unit}")
    rounded = sql.SQL(template).format(unit=sql.Literal(unit), column=name)
    return sql.SQL(
        "CASE WHEN {name} >= CAST('0001-01-01' AS {kind}) AND {name} < CAST('10000-01-01' AS {kind}) THEN {rounded} END"
    ).format(name=name, kind=sql.SQL(kind), rounded=rounded)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_constant(value: object) -> bool:
    if not isinstance(value, str | int | float):
        return False
    return len(str(value)) <= MAX_CONSTANT_CHARS and "\x00" not in str(value)


def _is_whole(value: object, *, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


_CHECKS: Final[Mapping[object, Callable[[object], bool]]] = {
    "constant": _is_constant,
    "left": lambda value: _is_whole(value, least=0, most=MAX_LEFT),
    "bucket": lambda value: _is_whole(value, least=1, most=MAX_BUCKET),
    "trunc": lambda value: isinstance(value, str) and value in UNITS,
}
