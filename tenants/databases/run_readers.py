"""The reader of one run: a role that sees nothing but the run's own views of the room's tables.

The views stand in a schema of the run and belong to the room's reader, so that they hold at most what the room may
read, the owner's own row security included. The room's reader itself may not enter that schema. Names say whose they
are (see `names.run_role`); schema and role are called the same.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import psycopg
from psycopg import sql

from tenants.databases import roles, server
from tenants.databases.roles import ReaderNotConfined

RUN_CONNECTIONS: Final = 8
_KEY_TABLE: Final = sql.Identifier("hivemind run key")
# What a view writes for the run's secret key. The view may read it; the run's reader may not.
RUN_KEY: Final = sql.SQL("(SELECT key FROM {})").format(_KEY_TABLE)


@dataclass(frozen=True)
class RunView:
    """One view: its name, what it selects, and whether that needs the run's key."""

    name: str
    query: sql.Composable = field(repr=False)
    keyed: bool = False


@dataclass(frozen=True)
class RunReader:
    """One run's role and schema, its password, and the reader of its room."""

    role: str
    room_role: str
    password: str = field(repr=False)


class ViewRefused(Exception):
    """Postgres would not make a view; `message` may quote what the view selects."""

    def __init__(self, view: str, message: str) -> None:
        super().__init__(view)
        self.view = view
        self.message = message


def create(connection: server.Connection, reader: RunReader, views: Iterable[RunView]) -> None:
    """Make the role, the schema and the views: all of it or nothing. `reader.role` is new.

    Raises ViewRefused, ReaderNotConfined when the role could use anything but the views, and psycopg.Error.
    """
    wanted = list(views)
    schema, room = sql.Identifier(reader.role), sql.Identifier(reader.room_role)
    with connection.transaction():
        roles.lock(connection)
        roles.create_login(connection, role=reader.role, password=reader.password, connections=RUN_CONNECTIONS)
        roles.apply_settings(connection, role=reader.role, settings=_settings(reader.role))
        database = sql.Identifier(connection.info.dbname)
        for statement in (
            sql.SQL("CREATE SCHEMA {}").format(schema),
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, schema),
            sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, schema),
            sql.SQL("GRANT USAGE, CREATE ON SCHEMA {} TO {}").format(schema, room),
            sql.SQL("SET LOCAL search_path = pg_catalog, {}").format(schema),
            # Texts become moments when a view is made.
            sql.SQL("SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'"),
        ):
            connection.execute(statement)
        with roles.acting_as(connection, reader.room_role):
            if any(view.keyed for view in wanted):
                _make_key(connection, schema)
            for view in wanted:
                _make_view(connection, reader, view)
        connection.execute(sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}").format(schema, room))
        expected = {(f"{reader.role}.{view.name}", False) for view in wanted}
        if roles.reachable(connection, reader.role, usable_only=True) != expected:
            raise ReaderNotConfined


def drop(connection: server.Connection, role: str) -> None:
    """Remove schema, views, role and its sessions. Gone already is fine."""
    name = sql.Identifier(role)
    with connection.transaction():
        roles.lock(connection)
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [role])
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name))
        if roles.exists(connection, role):
            database = sql.Identifier(connection.info.dbname)
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM {}").format(database, name))
            connection.execute(sql.SQL("DROP ROLE {}").format(name))


def leftovers(connection: server.Connection) -> list[str]:
    """The run roles of the whole server, of whatever installation."""
    rows = connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolname ~ %s ORDER BY 1", [roles.RUN_SCHEMA]
    ).fetchall()
    return [str(row[0]) for row in rows]


def drop_views(connection: server.Connection) -> int:
    """Remove the views of every run in this database and tell of how many runs; their readers then find no tables."""
    rows = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ %s", [roles.RUN_SCHEMA]).fetchall()
    for (schema,) in rows:
        connection.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(schema)))
    return len(rows)


def _settings(schema: str) -> dict[str, str]:
    return roles.READER_SETTINGS | {"search_path": schema}


def _make_key(connection: server.Connection, schema: sql.Identifier) -> None:
    table = sql.SQL("{}.{}").format(schema, _KEY_TABLE)
    connection.execute(sql.SQL("CREATE UNLOGGED TABLE {} (key bytea NOT NULL)").format(table))
    connection.execute(sql.SQL("INSERT INTO {} VALUES (%s)").format(table), [secrets.token_bytes(32)])


def _make_view(connection: server.Connection, reader: RunReader, view: RunView) -> None:
    name = sql.Identifier(reader.role, view.name)
    try:
        connection.execute(sql.SQL("CREATE VIEW {} WITH (security_barrier) AS {}").format(name, view.query))
        connection.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(name, sql.Identifier(reader.role)))
    except (psycopg.ProgrammingError, psycopg.DataError, psycopg.NotSupportedError) as error:
        raise ViewRefused(view.name, error.diag.message_primary or "") from error
