"""The Postgres role that a room's agents read with: SELECT on the room's tables and nothing else.

Every function takes a connection of somebody who may manage roles and the tenant's tables: a superuser,
or a role with CREATEROLE that is a member of the tables' owner. Names are quoted as names and never put
together as text.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from runner.sqlguard import public_grants

Connection = psycopg.Connection[Any]
Cursor = psycopg.Cursor[Any]

_BELONGS_TO_SOMEBODY = """
    SELECT rolname = current_user OR rolsuper OR rolreplication OR rolbypassrls OR rolcreaterole OR rolcreatedb
           OR EXISTS (SELECT FROM pg_shdepend
                      WHERE refclassid = 'pg_authid'::regclass AND refobjid = r.oid AND deptype = 'o')
           OR EXISTS (SELECT FROM pg_auth_members m JOIN pg_roles u ON u.oid = m.member
                      WHERE m.roleid = r.oid AND u.rolname <> current_user)
    FROM pg_roles r WHERE rolname = %s
"""

# Everything outside the system schemas that a role can do anything with.
_REACHABLE = """
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
      AND CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(%(role)s, c.oid, 'SELECT,USAGE,UPDATE')
          ELSE has_table_privilege(
                   %(role)s, c.oid, 'SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER')
               OR has_any_column_privilege(%(role)s, c.oid, 'SELECT,INSERT,UPDATE,REFERENCES') END
"""


class RoleRefused(Exception):
    """This name can't be a room's role: it belongs to somebody who owns something or has power."""


class RoleNotConfined(Exception):
    """After all was taken away the role could still read something else; nothing was committed."""


@dataclass(frozen=True, slots=True)
class RoleSettings:
    """What sessions of a room's role may use. Memory and files are per session."""

    schema: str = "public"
    connection_limit: int = 20
    statement_timeout_seconds: int = 30
    lock_timeout_seconds: int = 5
    idle_timeout_seconds: int = 60
    work_mem_mib: int = 16
    temp_file_limit_mib: int = 256


@dataclass(frozen=True, slots=True)
class RoomGrants:
    """What a room's role can read now.

    ``missing`` are names for which there is no table, ``not_done`` says which limits this server did not
    let us set.
    """

    granted: tuple[str, ...]
    missing: tuple[str, ...]
    not_done: tuple[str, ...]


def ensure_room_role(
    conn: Connection,
    *,
    role: str,
    password: str,
    tables: Iterable[str],
    owner_role: str,
    settings: RoleSettings | None = None,
) -> RoomGrants:
    """Make ``role`` a login that can SELECT from exactly ``tables`` of one schema in this database.

    Everything that the role, or everybody, could reach before is taken away first, so calling it again
    with other tables moves the role to those. A name matches a table as it is written or in lower case.
    Runs in one transaction under a lock. Raises RoleRefused, RoleNotConfined, psycopg.Error.
    """
    chosen = settings or RoleSettings()
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        _lock(cursor, role)
        superuser = is_superuser(cursor)
        _check_name(cursor, role, owner_role)
        _login(cursor, role, _verifier(conn, role, password), chosen, superuser)
        _take_everything(cursor, role, superuser)
        public_grants.close_schemas(cursor, owner_role=owner_role)
        granted, missing = _grant(cursor, role, tables, chosen.schema)
        not_done = _limit(cursor, role, chosen)
        _check_confined(cursor, role, chosen.schema, granted)
    return RoomGrants(granted=granted, missing=missing, not_done=not_done)


def drop_room_role(conn: Connection, *, role: str) -> bool:
    """Remove a room's role and end its sessions; returns whether there was one. Raises RoleRefused,
    psycopg.Error.
    """
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        _lock(cursor, role)
        if not _exists(cursor, role):
            return False
        _check_name(cursor, role, "")
        superuser = is_superuser(cursor)
        cursor.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(role)))
        _take_everything(cursor, role, superuser)
        cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [role])
        cursor.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
    return True


def is_superuser(cursor: Cursor) -> bool:
    """Whether the session may do everything."""
    row = cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


def _lock(cursor: Cursor, role: str) -> None:
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('room role ' || %s, 0))", [role])


def _exists(cursor: Cursor, role: str) -> bool:
    return cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None


def _check_name(cursor: Cursor, role: str, owner_role: str) -> None:
    """Refuse names whose owner would lose something: what follows takes everything from the role."""
    row = cursor.execute(_BELONGS_TO_SOMEBODY, [role]).fetchone()
    if role == owner_role or not role or (row and row[0]):
        raise RoleRefused("the role's name belongs to somebody else")


def _verifier(conn: Connection, role: str, password: str) -> str:
    """Hash the password here, so that it can't end up in a server's log."""
    encoding = conn.info.encoding
    return conn.pgconn.encrypt_password(password.encode(), role.encode(encoding), b"scram-sha-256").decode()


def _login(cursor: Cursor, role: str, verifier: str, settings: RoleSettings, superuser: bool) -> None:
    name = sql.Identifier(role)
    if not _exists(cursor, role):
        cursor.execute(sql.SQL("CREATE ROLE {}").format(name))
    # Only a superuser may even mention these; the check of the name has seen that they are off.
    extra = sql.SQL("NOSUPERUSER NOREPLICATION NOBYPASSRLS" if superuser else "")
    cursor.execute(
        sql.SQL("ALTER ROLE {} LOGIN NOINHERIT NOCREATEDB NOCREATEROLE {} CONNECTION LIMIT {} PASSWORD {}").format(
            name, extra, sql.Literal(settings.connection_limit), sql.Literal(verifier)
        )
    )
    cursor.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(name))


def _take_everything(cursor: Cursor, role: str, superuser: bool) -> None:
    """Revoke every privilege and membership of the role in this database."""
    name = sql.Identifier(role)
    groups = cursor.execute(
        "SELECT g.rolname FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid"
        " JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = %s",
        [role],
    ).fetchall()
    for (group,) in groups:
        cursor.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(group), name))
    if superuser:
        cursor.execute(sql.SQL("DROP OWNED BY {}").format(name))
        return
    # DROP OWNED asks for the role's own rights, which its maker may borrow.
    cursor.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))
    cursor.execute(sql.SQL("DROP OWNED BY {}").format(name))
    cursor.execute(sql.SQL("REVOKE {} FROM CURRENT_USER").format(name))


def _grant(cursor: Cursor, role: str, tables: Iterable[str], schema: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    name, space = sql.Identifier(role), sql.Identifier(schema)
    database = sql.Identifier(cursor.connection.info.dbname)
    cursor.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, name))
    cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(space, name))
    present = _tables_in(cursor, schema)
    granted: set[str] = set()
    missing: list[str] = []
    for wanted in dict.fromkeys(tables):
        bare = wanted.removeprefix(f"{schema}.")
        table = next((candidate for candidate in (bare, bare.lower()) if candidate in present), None)
        if table is None:
            missing.append(wanted)
            continue
        target = sql.Identifier(schema, table)
        cursor.execute(sql.SQL("GRANT SELECT ON TABLE {} TO {}").format(target, name))
        granted.add(table)
    return tuple(sorted(granted)), tuple(missing)


def _tables_in(cursor: Cursor, schema: str) -> set[str]:
    rows = cursor.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(%s))"
        " AND relkind IN ('r', 'p', 'v', 'm', 'f')",
        [schema],
    ).fetchall()
    return {row[0] for row in rows}


def _limit(cursor: Cursor, role: str, settings: RoleSettings) -> tuple[str, ...]:
    """Set the session limits; returns the names of those that this server did not let us set."""
    wanted = {
        "default_transaction_read_only": "on",
        "statement_timeout": f"{settings.statement_timeout_seconds}s",
        "lock_timeout": f"{settings.lock_timeout_seconds}s",
        "idle_in_transaction_session_timeout": f"{settings.idle_timeout_seconds}s",
        "work_mem": f"{settings.work_mem_mib}MB",
        "temp_file_limit": f"{settings.temp_file_limit_mib}MB",
        "max_parallel_workers_per_gather": "0",
        "search_path": settings.schema,
    }
    not_done = []
    for setting, value in wanted.items():
        try:
            with cursor.connection.transaction():
                cursor.execute(
                    sql.SQL("ALTER ROLE {} SET {} TO {}").format(
                        sql.Identifier(role), sql.Identifier(setting), sql.Literal(value)
                    )
                )
        except psycopg.errors.InsufficientPrivilege:
            not_done.append(setting)
    return tuple(not_done)


def _check_confined(cursor: Cursor, role: str, schema: str, granted: tuple[str, ...]) -> None:
    """Ask Postgres itself what the role can reach outside the system schemas."""
    rows = cursor.execute(_REACHABLE, {"role": role}).fetchall()
    if {tuple(row) for row in rows} != {(schema, table) for table in granted}:
        raise RoleNotConfined("the role can reach tables that the room does not allow")
