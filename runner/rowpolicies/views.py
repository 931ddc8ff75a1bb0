"""From policies and the tables as they are to the views of one run."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from psycopg import sql

from runner.rowpolicies import conditions, masks
from runner.rowpolicies.columns import Columns
from runner.rowpolicies.errors import PoliciesInvalid
from runner.rowpolicies.policies import RowPolicies, TablePolicy
from tenants.databases.run_readers import RUN_KEY, RunView


def build(
    policies: RowPolicies, *, tables: Iterable[str], schema_rows: Iterable[Mapping[str, Any]]
) -> tuple[RunView, ...]:
    """One view for each policy, called like its table. `tables` are those that the room may read.

    Raises PoliciesInvalid for what names a table or column that is not there, and for conditions and masks that are not
    allowed.
    """
    columns = _columns(frozenset(tables), schema_rows)
    views: dict[str, RunView] = {}
    for stated, policy in policies.tables.items():
        table = _meant(stated, columns)
        if table in views:
            raise PoliciesInvalid(f"table {table} has two policies")
        views[table] = _view(policy, columns[table])
    return tuple(views.values())


def _columns(tables: frozenset[str], schema_rows: Iterable[Mapping[str, Any]]) -> dict[str, Columns]:
    rows: dict[str, list[Mapping[str, Any]]] = {table: [] for table in tables}
    for row in schema_rows:
        if row["table_name"] in tables:
            rows[row["table_name"]].append(row)
    return {
        table: Columns(
            table,
            types={row["column_name"]: row["data_type"] for row in found},
            collations={row["column_name"]: row["collation"] for row in found if row.get("collation")},
            inexact=frozenset(row["column_name"] for row in found if not row.get("is_exact", True)),
        )
        for table, found in rows.items()
    }


def _meant(stated: str, columns: Mapping[str, Columns]) -> str:
    if stated in columns:
        return stated
    spellings = defaultdict(list)
    for table in columns:
        spellings[table.lower()].append(table)
    candidates = spellings[stated.lower()]
    if len(candidates) != 1:
        raise PoliciesInvalid(f"table {stated} is not one of the room's tables")
    return candidates[0]


def _view(policy: TablePolicy, columns: Columns) -> RunView:
    visible = list(columns.types)
    if policy.columns is not None:
        visible = [columns.named(name) for name in policy.columns]
    masked = {columns.named(name): mask for name, mask in policy.masks.items()}
    shown = [_shown(name, columns, masked.get(name)) for name in visible]
    query = sql.SQL("SELECT {} FROM {}").format(sql.SQL(", ").join(shown), sql.Identifier("public", columns.table))
    if policy.where:
        query += sql.SQL(" WHERE ") + conditions.compiled(policy.where, columns)
    return RunView(columns.table, query, keyed=any(mask.kind == "hash" for mask in masked.values()))


def _shown(name: str, columns: Columns, mask: masks.Mask | None) -> sql.Composable:
    column = sql.Identifier(name)
    if mask is None:
        return column
    try:
        written = masks.compiled(mask, column=name, kind=columns.types[name], key=RUN_KEY)
    except PoliciesInvalid as error:
        raise PoliciesInvalid(f"table {columns.table}, column {name}: {error.reason}") from None
    return sql.SQL("{} AS {}").format(written, column)
