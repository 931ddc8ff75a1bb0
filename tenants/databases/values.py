"""SQL values as JSON values that keep their meaning.

Integers, booleans, text and JSON documents as themselves; numerics as strings of their exact value, so that
no reader rounds them; moments as ISO 8601 strings in UTC; intervals as ISO 8601 durations; bytes as base64;
arrays as lists; what has no form in JSON (NaN, infinities, ranges, records, types of the tenant's own) as the
database writes it.
"""

import json
import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from psycopg import pq
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Loader

from attestation.encoding import b64

# Given when a connection is made; a statement may change them, and the loaders then hand on what they get.
SESSION_OPTIONS = (
    "-c client_encoding=UTF8 -c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601 -c bytea_output=hex"
)
JSON_DEPTH = 64

_RANGED = ("int4", "int8", "num", "date", "ts", "tstz")
_AS_WRITTEN = (
    *("numeric", "money", "uuid", "inet", "cidr", "date", "time", "interval", "record"),
    *(f"{base}{kind}" for base in _RANGED for kind in ("range", "multirange")),
)
_MOMENT = re.compile(r"(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:([+-]\d\d)(:\d\d)?)?")
_TIME_WITH_ZONE = re.compile(r"(\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d)")


class _Text(Loader):
    def load(self, data: Buffer) -> Any:
        return bytes(data).decode()


class _Moment(Loader):
    def load(self, data: Buffer) -> str:
        text = bytes(data).decode()
        match = _MOMENT.fullmatch(text)
        if match is None:  # infinity, years before our era, another date style
            return text
        day, time, hours, minutes = match.groups()
        return f"{day}T{time}" + (f"{hours}{minutes or ':00'}" if hours else "")


class _TimeWithZone(Loader):
    def load(self, data: Buffer) -> str:
        return _TIME_WITH_ZONE.sub(r"\1\2:00", bytes(data).decode())


class _Float(Loader):
    def load(self, data: Buffer) -> float | str:
        text = bytes(data).decode()
        number = float(text)
        return number if math.isfinite(number) else text


class _Bytes(Loader):
    def load(self, data: Buffer) -> str:
        return b64(bytes(pq.Escaping().unescape_bytea(bytes(data))))


class _Json(Loader):
    def load(self, data: Buffer) -> Any:
        """The document, or its text when JSON as written by this service could not carry it unchanged."""
        text = bytes(data).decode()
        try:
            value = json.loads(text, parse_float=_exact, parse_constant=_refuse)
            _check_depth(value, JSON_DEPTH)
            json.dumps(value, ensure_ascii=False).encode()
        except (ValueError, RecursionError):  # too deep, too long a number, half a surrogate pair
            return text
        return value


def install(adapters: AdaptersMap) -> None:
    """Have a connection with these adapters return values as described above."""
    for name in _AS_WRITTEN:
        adapters.register_loader(name, _Text)
    for name in ("timestamp", "timestamptz"):
        adapters.register_loader(name, _Moment)
    for name in ("float4", "float8"):
        adapters.register_loader(name, _Float)
    for name in ("json", "jsonb"):
        adapters.register_loader(name, _Json)
    adapters.register_loader("timetz", _TimeWithZone)
    adapters.register_loader("bytea", _Bytes)


def unique_names(columns: Sequence[str]) -> list[str]:
    """Column names with repeated ones numbered: `id, id` becomes `id, id_2`."""
    taken, names = set(columns), []
    seen: set[str] = set()
    for column in columns:
        name, number = column, 1
        while name in seen or (number > 1 and name in taken):
            number += 1
            name = f"{column}_{number}"
        seen.add(name)
        names.append(name)
    return names


def _exact(text: str) -> float | str:
    """The number, or its text when a float would change it."""
    number = float(text)
    return number if math.isfinite(number) and Decimal(repr(number)) == Decimal(text) else text


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _check_depth(value: Any, left: int) -> None:
    if left == 0:
        raise ValueError("too deep")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _check_depth(inner, left - 1)
