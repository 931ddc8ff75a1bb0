"""Trying row policies out for the agent that writes them, which may read everything."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

import psycopg
from psycopg import sql

from runner.rowpolicies import policies
from runner.rowpolicies.errors import PoliciesInvalid
from runner.rowpolicies.policies import RowPolicies
from runner.rowpolicies.reader import PolicyReader

MakeReader = Callable[[RowPolicies], AbstractContextManager[PolicyReader]]
COUNT_SECONDS: Final = 10


def answer(
    request: Mapping[str, Any], *, make: MakeReader, connect: Callable[[], "psycopg.Connection[Any]"]
) -> dict[str, Any]:
    """Answer a verify_row_policies request: whether the policies can be in force, and what is visible then.

    `make` puts policies in force, `connect` enters as the reader of the whole room. A count is null where counting
    takes too long. Policies under which a table can't be counted are not valid: reading it would fail in the run too.
    """
    try:
        stated = policies.parse(request.get("row_policies"))
        with make(stated) as reader:
            return {"valid": True, "error": None, "sha256": stated.sha256, "tables": _tables(reader, connect)}
    except PoliciesInvalid as error:
        return {"valid": False, "error": error.detail, "sha256": None, "tables": {}}


def _tables(reader: PolicyReader, connect: Callable[[], "psycopg.Connection[Any]"]) -> dict[str, Any]:
    columns: dict[str, list[str]] = {table: [] for table in reader.tables}
    for row in reader.schema_rows:
        columns[row["table_name"]].append(row["column_name"])
    with reader.connect() as through, connect() as around:
        return {
            table: {
                "columns": columns[table],
                "rows_visible": _visible(through, table),
                "rows_total": _total(around, table),
            }
            for table in reader.tables
        }


def _visible(connection: "psycopg.Connection[Any]", table: str) -> int | None:
    try:
        return _count(connection, sql.Identifier(table))
    except psycopg.Error as error:
        what = f"table {table}: it can't be read under its policy"
        raise PoliciesInvalid(what, detail=f"{what}: {error.diag.message_primary or error.sqlstate}") from None


def _total(connection: "psycopg.Connection[Any]", table: str) -> int | None:
    """How many rows there are; None also where the owner's own view fails on one that the policy hides."""
    try:
        return _count(connection, sql.Identifier("public", table))
    except psycopg.Error:
        return None


def _count(connection: "psycopg.Connection[Any]", table: sql.Identifier) -> int | None:
    try:
        with connection.transaction():
            connection.execute(f"SET LOCAL statement_timeout = '{COUNT_SECONDS}s'")
            row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
    except psycopg.errors.QueryCanceled:
        return None
    return int(row[0]) if row else None
