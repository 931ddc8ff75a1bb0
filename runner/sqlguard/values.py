"""How values of a tenant's tables reach a scope function: as Python values that keep their meaning.

Decimal, date, time, datetime, bytes, lists and parsed JSON as such. What Python can't hold
exactly or a locked process can't take (UUIDs, intervals, ranges, networks, moments outside the calendar) as
the text that Postgres writes.
"""

import json
from typing import Any

import psycopg
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import AdaptersMap, Loader
from psycopg.types.string import TextLoader

# Fixed for the session, so that the text of a value does not depend on the server or the role.
SESSION_SETTINGS = {
    "client_encoding": "UTF8",
    "standard_conforming_strings": "on",
    "timezone": "UTC",
    "datestyle": "ISO",
    "intervalstyle": "iso_8601",
    "bytea_output": "hex",
    "extra_float_digits": "1",
}

_RANGED = ("int4", "int8", "num", "date", "ts", "tstz")
_AS_TEXT = (
    *("interval", "inet", "cidr", "record", "timetz", "uuid"),
    *(f"{base}{kind}" for base in _RANGED for kind in ("range", "multirange")),
)
_MAYBE_TEXT = ("date", "time", "timestamp", "timestamptz")
_decode_json = json.JSONDecoder().decode


def install(adapters: AdaptersMap) -> None:
    """Make connections with these adapters load values as described above."""
    for name in _AS_TEXT:
        adapters.register_loader(name, TextLoader)
    for name in _MAYBE_TEXT:
        adapters.register_loader(name, _text_where_needed(adapters, name))
    for name in ("json", "jsonb"):
        adapters.register_loader(name, _Json)


class _Json(Loader):
    def load(self, data: Buffer) -> Any:
        text = bytes(data).decode()
        try:
            return _decode_json(text)
        except (ValueError, RecursionError):  # numbers with thousands of digits, very deep documents
            return text


def _text_where_needed(adapters: AdaptersMap, name: str) -> type[Loader]:
    """Return a loader that gives text for what the usual one refuses (infinity, year 10000)."""
    usual: Any = adapters.get_loader(adapters.types[name].oid, psycopg.pq.Format.TEXT)

    class Lenient(Loader):
        def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
            super().__init__(oid, context)
            self._load = usual(oid, context).load

        def load(self, data: Buffer) -> Any:
            try:
                return self._load(data)
            except (psycopg.DataError, ValueError, RecursionError):
                return bytes(data).decode(errors="replace")

    return Lenient
