"""The reader of one room: a role that may SELECT from exactly the room's tables and do nothing else.

Pure functions over a connection to the tenant's database as the service, each statement on its own. The
service is not expected to be a superuser; it may become the owner role (see `provision`), whose grants these
are.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from psycopg import sql

from hivemind.kit.errors import Unavailable
from tenants.databases import server

READER_CONNECTIONS = 32
READER_SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": "30s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
    "temp_file_limit": "256MB",
    "search_path": "public",
}

# Tables, partitioned tables, views, materialized views.
_EXISTING = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')
    AND relname = ANY(%s) ORDER BY relname
"""
# Schemas of runs, called like their roles.
RUN_SCHEMA = "^q_[0-9a-f]{12,40}_[0-9a-f]{8}$"
# Everything outside the system schemas that a role can use, by whatever way, and whether that is more than SELECT.
# What an extension brought was brought by the operator.
_REACHABLE = """
    WITH own AS (SELECT oid, nspname FROM pg_namespace
                 WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'
                 AND (has_schema_privilege(%(role)s, oid, 'USAGE,CREATE')
                      OR NOT (%(usable_only)s OR nspname ~ %(run_schema)s)))
    SELECT own.nspname || '.' || c.relname,
           has_table_privilege(%(role)s, c.oid, 'INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER')
           OR has_any_column_privilege(%(role)s, c.oid, 'INSERT,UPDATE,REFERENCES')
    FROM pg_class c JOIN own ON own.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND (has_table_privilege(%(role)s, c.oid, 'SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER')
           OR has_any_column_privilege(%(role)s, c.oid, 'SELECT,INSERT,UPDATE,REFERENCES'))
    UNION ALL
    SELECT own.nspname || '.' || c.relname, true FROM pg_class c JOIN own ON own.oid = c.relnamespace
    WHERE CASE c.relkind WHEN 'S' THEN has_sequence_privilege(%(role)s, c.oid, 'SELECT,USAGE,UPDATE') END
    UNION ALL
    SELECT own.nspname || '.' || p.proname, true FROM pg_proc p JOIN own ON own.oid = p.pronamespace
    WHERE has_function_privilege(%(role)s, p.oid, 'EXECUTE')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
                      AND d.deptype = 'e')
    UNION ALL
    SELECT own.nspname, true FROM own WHERE has_schema_privilege(%(role)s, own.oid, 'CREATE')
    UNION ALL
    SELECT 'database', true WHERE has_database_privilege(%(role)s, current_database(), 'CREATE,TEMPORARY')
"""


class ReaderNotConfined(Unavailable):
    """After everything was taken back the reader could still use something else; no right was given."""

    code = "reader_not_confined"
    sentence = "The room's reader could use more than the room allows; the operator must look at the database"


@dataclass(frozen=True)
class Reader:
    """One room's role, the owner of the tables, and the reader's password."""

    role: str
    owner: str
    password: str = field(repr=False)


def ensure_room_role(connection: server.Connection, reader: Reader, *, tables: Iterable[str]) -> None:
    """Make the role if it is missing, and its rights exactly SELECT on those of `tables` that exist.

    Also takes back what the owner granted to everybody in schema public, which would be the reader's too.
    Safe to call at the same time from several processes; quick when nothing is to be done. Raises
    ReaderNotConfined when Postgres, asked at the end, names anything else that the reader could use.
    """
    wanted = {row[0] for row in connection.execute(_EXISTING, [list(tables)]).fetchall()}
    if _is_exact(connection, reader.role, wanted):
        return
    with connection.transaction():
        lock(connection)
        if not exists(connection, reader.role):
            _create(connection, reader)
        _grant(connection, reader, sorted(wanted))
        if not _is_exact(connection, reader.role, wanted):
            raise ReaderNotConfined


def drop_room_role(connection: server.Connection, *, role: str, owner: str) -> None:
    """Remove the role, its rights and its sessions. Gone already is fine."""
    with connection.transaction():
        lock(connection)
        if exists(connection, role):
            # Only who has the rights of the grantor can take a grant back, so the service inherits for a moment.
            inherit(connection, True, role, owner)
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [role])
            connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
            inherit(connection, False, owner)
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@contextmanager
def acting_as(connection: server.Connection, role: str) -> Iterator[None]:
    """Have the service's statements carried out as `role`; inside a transaction."""
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
    yield
    connection.execute("RESET ROLE")


def create_login(connection: server.Connection, *, role: str, password: str, connections: int) -> None:
    """Make a role that may log in and nothing else, and that the service may become without inheriting from it."""
    name = sql.Identifier(role)
    verifier = server.encrypted_password(connection, role=role, password=password)
    connection.execute(
        sql.SQL(
            "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
            " CONNECTION LIMIT {} PASSWORD {}"
        ).format(name, sql.Literal(connections), verifier)
    )
    inherit(connection, False, role)


def apply_settings(connection: server.Connection, *, role: str, settings: dict[str, str]) -> None:
    """Give `role` its settings, leaving out what this server lets only a superuser set."""
    allowed = connection.execute(
        "SELECT name FROM pg_settings WHERE name = ANY(%s)"
        " AND (context = 'user' OR has_parameter_privilege(name, 'SET')) ORDER BY name",
        [list(settings)],
    ).fetchall()
    for (name,) in allowed:
        connection.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(role), sql.Identifier(name), sql.Literal(settings[name])
            )
        )


def inherit(connection: server.Connection, inherit: bool, *roles: str) -> None:
    """Let the service become `roles`, and have their rights without becoming them or not.

    Before Postgres 16 a membership always inherits.
    """
    names = sql.SQL(", ").join(map(sql.Identifier, roles))
    options = f" WITH INHERIT {inherit}, SET TRUE" if connection.info.server_version >= 160000 else ""
    connection.execute(sql.SQL("GRANT {} TO CURRENT_USER{}").format(names, sql.SQL(options)))


def lock(connection: server.Connection) -> None:
    """One change of roles at a time in this database, until the end of the transaction."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('room roles'))")


def exists(connection: server.Connection, role: str) -> bool:
    return bool(connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchall())


def reachable(connection: server.Connection, role: str, *, usable_only: bool = False) -> set[tuple[str, bool]]:
    """What `role` can use outside the system schemas, and whether for more than SELECT.

    Rights in a schema that it may not enter count too: whoever owns that schema could open it. They don't count in
    schemas of runs, and nowhere with `usable_only`.
    """
    asked = {"role": role, "usable_only": usable_only, "run_schema": RUN_SCHEMA}
    return {(str(name), bool(more)) for name, more in connection.execute(_REACHABLE, asked).fetchall()}


def _is_exact(connection: server.Connection, role: str, wanted: set[str]) -> bool:
    if not exists(connection, role):
        return False
    return reachable(connection, role) == {(f"public.{table}", False) for table in wanted}


def _create(connection: server.Connection, reader: Reader) -> None:
    name = sql.Identifier(reader.role)
    create_login(connection, role=reader.role, password=reader.password, connections=READER_CONNECTIONS)
    apply_settings(connection, role=reader.role, settings=READER_SETTINGS)
    database = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, name))
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))


def _grant(connection: server.Connection, reader: Reader, tables: list[str]) -> None:
    """As the owner of the tables, in one transaction: take everything back, then give what is wanted."""
    role = sql.Identifier(reader.role)
    with acting_as(connection, reader.owner):
        for kind in (sql.SQL("TABLES"), sql.SQL("SEQUENCES"), sql.SQL("ROUTINES")):
            connection.execute(sql.SQL("REVOKE ALL ON ALL {} IN SCHEMA public FROM PUBLIC, {}").format(kind, role))
        for table in tables:
            connection.execute(sql.SQL("GRANT SELECT ON TABLE {} TO {}").format(sql.Identifier("public", table), role))
