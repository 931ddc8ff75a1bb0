"""Sessions in a tenant's database: as its owner, as the service, or as one room's reader."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.rows import dict_row

from tenants.databases import names, roles, run_readers, server
from tenants.errors import DatabaseBusy
from tenants.models import Tenant

Row = dict[str, Any]

STATEMENT_SECONDS = 30
OWNER_OPTIONS = (
    f"-c statement_timeout={STATEMENT_SECONDS}s -c idle_in_transaction_session_timeout=60s"
    " -c client_connection_check_interval=5s"
)
ROOM_OPTIONS = "-c default_transaction_read_only=on -c client_connection_check_interval=5s"
CATALOG_ONLY = "-c search_path=pg_catalog -c default_transaction_read_only=on -c statement_timeout=10s"

_TABLES = """
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
    ORDER BY c.relname
"""
_COLUMNS = """
    SELECT c.relname AS table_name, a.attname AS column_name,
           format_type(a.atttypid, NULL) AS data_type,
           CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END AS is_nullable,
           pg_get_expr(d.adbin, d.adrelid) AS column_default
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum AND a.attgenerated = ''
    WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = %s) AND c.relkind IN ('r', 'p', 'v', 'm')
    ORDER BY c.relname, a.attnum
"""


# Besides, by which collation a column is compared (none, and the database's own, are empty), and whether that takes
# texts for equal only when they are the same.
_COLLATED = _COLUMNS.replace(
    "AS column_default",
    "AS column_default, coalesce(o.oid::regcollation::text, '') AS collation,"
    " coalesce(o.collisdeterministic, true) AS is_exact",
).replace("WHERE c.", "LEFT JOIN pg_collation o ON o.oid = a.attcollation AND o.collname <> 'default'\n    WHERE c.", 1)


@contextmanager
def owner_connection(tenant: Tenant, *, options: str = OWNER_OPTIONS) -> Iterator[server.Connection]:
    """Enter the tenant's database as the owner of its tables; commits at the end, rolls back on an error.

    Raises DatabaseBusy when the tenant has no connection left or the server does not answer.
    """
    with _login(tenant.db_name, role=tenant.db_owner, options=options) as connection:
        yield connection


@contextmanager
def admin_connection(tenant: Tenant) -> Iterator[server.Connection]:
    """Enter the tenant's database as the service, to grant and to revoke; each statement on its own."""
    with server.service_connection(tenant.db_name) as connection:
        yield connection


def room_connection_factory(tenant: Tenant, room_id: str) -> Callable[[], server.Connection]:
    """How to enter the tenant's database as the reader of one room, whose role must exist."""
    dbname, role = tenant.db_name, names.room_role(room_id)

    def connect() -> server.Connection:
        return _login(dbname, role=role, options=ROOM_OPTIONS)

    return connect


def ensure_room_role(tenant: Tenant, room_id: str, tables: Iterable[str]) -> None:
    """Make the reader of a room, or bring its rights up to date: SELECT on those of `tables` that exist."""
    role = names.room_role(room_id)
    reader = roles.Reader(role=role, owner=tenant.db_owner, password=names.password(role))
    with admin_connection(tenant) as connection:
        roles.ensure_room_role(connection, reader, tables=tables)


def drop_room_role(tenant: Tenant, room_id: str) -> None:
    """Remove the reader of a room with its rights and sessions. Gone already is fine."""
    with admin_connection(tenant) as connection:
        roles.drop_room_role(connection, role=names.room_role(room_id), owner=tenant.db_owner)


def create_run_reader(
    tenant: Tenant, room_id: str, run_id: str, build: Callable[[list[Row]], Iterable[run_readers.RunView]]
) -> tuple[str, list[Row]]:
    """Make a reader of one run that sees some views and nothing else; return its role and the columns that it sees.

    `build` makes the views out of the columns of schema public, both as in `schema_rows`; those that it is given tell
    the `collation` too, and whether that `is_exact`. The room's reader must exist.
    Raises run_readers.ViewRefused, roles.ReaderNotConfined and whatever `build` does.
    """
    role = names.run_role(run_id)
    reader = run_readers.RunReader(role, names.room_role(room_id), names.password(role))
    with admin_connection(tenant) as connection:
        views = tuple(build(_columns(connection, "public", query=_COLLATED)))
        run_readers.create(connection, reader, views)
        seen = frozenset(view.name for view in views)
        return role, [row for row in _columns(connection, role) if row["table_name"] in seen]


def drop_run_reader(tenant: Tenant, role: str) -> None:
    """Remove the reader of a run with its views and sessions. Gone already is fine."""
    with admin_connection(tenant) as connection:
        run_readers.drop(connection, role)


def drop_run_views(tenant: Tenant) -> bool:
    """Take its views from every run that reads through some; whether there were any. Raises DatabaseBusy."""
    try:
        with admin_connection(tenant) as connection:
            return run_readers.drop_views(connection) > 0
    except psycopg.OperationalError as error:
        raise DatabaseBusy from error


def run_connection_factory(tenant: Tenant, role: str) -> Callable[[], server.Connection]:
    """How to enter the tenant's database as the reader of one run."""
    dbname = tenant.db_name

    def connect() -> server.Connection:
        return _login(dbname, role=role, options=ROOM_OPTIONS)

    return connect


def run_readers_left() -> list[str]:
    """The run roles that are on the server, of whatever installation."""
    with server.service_connection() as connection:
        return run_readers.leftovers(connection)


def end_session(tenant: Tenant, *, pid: int) -> None:
    """End one session of the tenant's owner role, whatever it does; gone already is fine.

    Needed because a statement may catch its own cancellation. Uses none of the tenant's connections.
    """
    with (
        server.service_connection() as connection,
        connection.transaction(),
        roles.acting_as(connection, tenant.db_owner),
    ):
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND usename = %s",
            [pid, tenant.db_owner],
        )


def table_names(tenant: Tenant) -> list[str]:
    """Names of the tables and views in schema public, sorted."""
    with owner_connection(tenant, options=CATALOG_ONLY) as connection:
        return [str(row[0]) for row in connection.execute(_TABLES).fetchall()]


def schema_rows(tenant: Tenant) -> list[Row]:
    """One row per column of schema public, by table and position, as the wire format writes them."""
    with owner_connection(tenant, options=CATALOG_ONLY) as connection:
        return _columns(connection, "public")


def _columns(connection: server.Connection, schema: str, *, query: str = _COLUMNS) -> list[Row]:
    return connection.cursor(row_factory=dict_row).execute(query, [schema]).fetchall()


def _login(dbname: str, *, role: str, options: str) -> server.Connection:
    password = names.password(role)
    try:
        return server.open_connection(dbname, user=role, password=password, options=options)
    except psycopg.OperationalError as error:
        if not _password_is_stale(error):
            raise DatabaseBusy from error
    try:
        _renew_password(role)
        return server.open_connection(dbname, user=role, password=password, options=options)
    except psycopg.Error as error:
        raise DatabaseBusy from error


def _password_is_stale(error: psycopg.OperationalError) -> bool:
    """Whether the password was refused: the secret key is a new one, or the role changed it itself."""
    return isinstance(error, errors.InvalidPassword) or "password authentication failed" in str(error)


def _renew_password(role: str) -> None:
    with server.service_connection() as connection:
        verifier = server.encrypted_password(connection, role=role, password=names.password(role))
        connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), verifier))
