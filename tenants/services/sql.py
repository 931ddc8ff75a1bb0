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
    """Run SQL in one transaction. Raises SqlRefused (nothing was kept then) or DatabaseBusy.

    Views that runs read never stand in the owner's way: they are taken from under those runs, whose reads then fail,
    and the SQL is run again.
    """
    try:
        return _run(owner, statement, params, limits)
    except statements.InTheWay:
        if not session.drop_run_views(owner.tenant):
            raise
    return _run(owner, statement, params, limits)


def _run(owner: Owner, statement: str, params: Sequence[Any], limits: statements.Limits | None) -> statements.Answer:
    with session.owner_connection(owner.tenant, options=OPTIONS) as connection:
        pid = connection.info.backend_pid
        try:
            return statements.run(connection, statement, params, limits=limits)
        except statements.LimitReached:
            session.end_session(owner.tenant, pid=pid)
            raise
        except psycopg.Error as error:
            raise SqlRefused(str(error)) from error
