"""What a caller may know of the tables in a tenant's database."""

from typing import Any

from tenants import hooks
from tenants.databases import session
from tenants.principals import Owner, Principal


def visible_columns(principal: Principal) -> list[dict[str, Any]]:
    """Columns of the owner's tables, or of those alone that a guest's room allows."""
    rows = session.schema_rows(principal.tenant)
    if isinstance(principal, Owner):
        return rows
    allowed = hooks.visible_tables(principal)
    return [row for row in rows if row["table_name"] in allowed]


def visible_count(principal: Principal) -> int:
    """How many tables that is."""
    tables = session.table_names(principal.tenant)
    if isinstance(principal, Owner):
        return len(tables)
    return len(hooks.visible_tables(principal).intersection(tables))
