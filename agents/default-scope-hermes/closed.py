"""Filters that need no model: one that shows nothing, and one for rooms whose owner stated no rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

CLOSED = """
def scope(sql, params, rows):
    reason = "the room's rules could not be turned into a filter, so nothing is shown"
    return {"allow": len(rows) < 0, "rows": [], "error": reason}
""".lstrip()

SECRET_WORDS = ("password", "passwd", "passphrase", "secret", "token", "api_key", "apikey", "private_key", "credential")

WITHOUT_RULES = """
def scope(sql, params, rows):
    return {"allow": True, "rows": [shown(row) for row in rows]}


def shown(value):
    if isinstance(value, dict):
        return {key: "[withheld]" if is_secret(key) else shown(value[key]) for key in value}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return value


def is_secret(name):
    words = ["password", "passwd", "passphrase", "secret", "token", "api_key", "apikey", "private_key", "credential"]
    return isinstance(name, str) and any([word in name.lower().replace("-", "_") for word in words])
""".lstrip()


def policies_without_rules(schema: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Row policies that show every table, without the values of columns whose names speak of secrets."""
    policies: dict[str, Any] = {}
    for column in schema:
        table = policies.setdefault(str(column["table_name"]), {"columns": "*"})
        name = str(column["column_name"])
        if any(word in name.lower() for word in SECRET_WORDS):
            table.setdefault("masks", {})[name] = "null"
    return policies
