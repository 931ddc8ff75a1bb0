"""The owner's own SQL, run as the role that owns the tenant's tables in the tenant's database."""

from collections.abc import Sequence
from typing import Any

import psycopg

from tenants.databases import session, statements, values
from tenants.errors import SqlRefused
from tenants.principals import Owner

OPTIONS = f"{session.OWNER_OPTIONS} {values.SESSION_OPTIONS}"


def run(
    owner: Owner, statement: str, *, params: Sequence[Any] = (), limits: statements.Limits | None = None
) -> statements.Answer:
    """Run SQL in one transaction. Raises SqlRefused (nothing was kept then) or DatabaseBusy."""
    with session.owner_connection(owner.tenant, options=OPTIONS) as connection:
        pid = connection.info.backend_pid
        try:
            return statements.run(connection, statement, params, limits=limits)
        except statements.LimitReached:
            session.end_session(owner.tenant, pid=pid)
            raise
        except psycopg.Error as error:
            raise SqlRefused(str(error)) from error
