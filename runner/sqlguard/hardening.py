"""Closing a tenant's database so that a role has only what was granted to it by name.

Postgres gives everybody a lot through PUBLIC: connecting, temporary tables, reading its catalogs, every
built-in function. Taking the built-in part away needs a superuser; what could not be done is told and
never hidden.
"""

from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from runner.sqlguard import functions, public_grants
from runner.sqlguard.roles import is_superuser

Connection = psycopg.Connection[Any]
Cursor = psycopg.Cursor[Any]

_BATCH = 200

# What PUBLIC had in the system schemas when the server was made, and whether it still has it.
_ROUTINES = """
    SELECT p.proname, format('%%I.%%I(%%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
           EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    LEFT JOIN pg_init_privs i ON i.classoid = 'pg_proc'::regclass AND i.objoid = p.oid
    WHERE n.nspname IN ('pg_catalog', 'information_schema')
      AND (i.initprivs IS NULL OR EXISTS (SELECT FROM aclexplode(i.initprivs) a WHERE a.grantee = 0))
      AND p.prokind NOT IN ('a', 'w')
      AND NOT (n.nspname = 'pg_catalog' AND (p.provolatile = 'i' OR p.proname = ANY(%(safe)s)
               OR EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
               OR EXISTS (SELECT FROM pg_cast c WHERE c.castfunc = p.oid)))
    ORDER BY p.oid
"""

_RELATIONS = """
    SELECT c.relname, format('%I.%I', n.nspname, c.relname),
           EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee = 0)
           OR EXISTS (SELECT FROM pg_attribute t, aclexplode(t.attacl) a
                      WHERE t.attrelid = c.oid AND a.grantee = 0)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_init_privs i ON i.classoid = 'pg_class'::regclass AND i.objoid = c.oid AND i.objsubid = 0
    WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v')
      AND (EXISTS (SELECT FROM aclexplode(i.initprivs) a WHERE a.grantee = 0)
           OR EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee = 0)
           OR EXISTS (SELECT FROM pg_attribute t, aclexplode(t.attacl) a
                      WHERE t.attrelid = c.oid AND a.grantee = 0))
    ORDER BY c.oid
"""

# Tables that tell of other tenants: their databases, roles and sessions.
_CLUSTER_WIDE_RELATIONS = (
    "pg_database pg_db_role_setting pg_auth_members pg_roles pg_user pg_group pg_tablespace pg_locks"
    " pg_stat_activity pg_stat_database pg_stat_database_conflicts pg_stat_ssl pg_stat_gssapi"
    " pg_stat_replication pg_stat_subscription pg_replication_slots pg_prepared_xacts pg_shdepend"
    " pg_shdescription pg_subscription pg_stat_progress_copy pg_stat_progress_vacuum"
    " pg_stat_progress_create_index pg_stat_progress_analyze pg_stat_progress_cluster"
    " pg_stat_progress_basebackup"
)
_WITHHELD = frozenset(_CLUSTER_WIDE_RELATIONS.split())


def harden_database(conn: Connection, *, owner_role: str) -> tuple[str, ...]:
    """Take from PUBLIC everything in this database that was not granted by name; the owner keeps its way in.

    Idempotent. Returns a sentence for everything that could not be done, which is empty when the database
    is closed. Raises psycopg.Error when even the tenant's own objects can't be closed.
    """
    with conn.transaction(), conn.cursor(row_factory=tuple_row) as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('harden database', 0))")
        _close_database(cursor, owner_role)
        public_grants.close_schemas(cursor, owner_role=owner_role)
        if is_superuser(cursor):
            _close_routines(cursor, owner_role)
            _close_relations(cursor, owner_role)
        return _left_open(cursor)


def _close_database(cursor: Cursor, owner_role: str) -> None:
    database = sql.Identifier(cursor.connection.info.dbname)
    owner = sql.Identifier(owner_role)
    cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    cursor.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, owner))


def _routines(cursor: Cursor) -> list[tuple[str, str, bool]]:
    return list(cursor.execute(_ROUTINES, {"safe": sorted(functions.SAFE_STABLE)}).fetchall())


def _close_routines(cursor: Cursor, owner_role: str) -> None:
    found = _routines(cursor)
    kept = [signature for name, signature, _ in found if not functions.CLUSTER_WIDE.fullmatch(name)]
    _each_batch(cursor, "REVOKE EXECUTE ON ROUTINE {} FROM PUBLIC", [one for _, one, is_open in found if is_open])
    _each_batch(cursor, "GRANT EXECUTE ON ROUTINE {} TO {}", kept, owner_role)


def _close_relations(cursor: Cursor, owner_role: str) -> None:
    found = list(cursor.execute(_RELATIONS).fetchall())
    kept = [qualified for name, qualified, _ in found if name not in _WITHHELD]
    _each_batch(cursor, "REVOKE ALL ON TABLE {} FROM PUBLIC", [one for _, one, is_open in found if is_open])
    _each_batch(cursor, "GRANT SELECT ON TABLE {} TO {}", kept, owner_role)


def _each_batch(cursor: Cursor, statement: str, names: list[str], *roles: str) -> None:
    for start in range(0, len(names), _BATCH):
        batch = sql.SQL(", ".join(names[start : start + _BATCH]))  # names come quoted from the catalog
        cursor.execute(sql.SQL(statement).format(batch, *map(sql.Identifier, roles)))


def _left_open(cursor: Cursor) -> tuple[str, ...]:
    left = [f"everybody can still use {name}" for name in public_grants.open_objects(cursor)]
    database = cursor.execute(
        "SELECT FROM pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a"
        " WHERE d.datname = current_database() AND a.grantee = 0"
    ).fetchall()
    if database:
        left.append("everybody can still connect to the database")
    routines = sum(is_open for _, _, is_open in _routines(cursor))
    if routines:
        left.append(f"everybody can still call {routines} built-in functions that can do more than compute")
    relations = sum(row[2] for row in cursor.execute(_RELATIONS).fetchall())
    if relations:
        left.append(f"everybody can still read {relations} of the server's own tables")
    return tuple(left)
