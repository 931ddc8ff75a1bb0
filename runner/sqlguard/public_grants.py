"""Taking from PUBLIC what every role of a database would otherwise have.

What a tenant's owner role had through PUBLIC is given back to it by name.
"""

from typing import Any

import psycopg
from psycopg import sql

Cursor = psycopg.Cursor[Any]

_OWN_SCHEMAS = """
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'
"""

# Objects outside the system schemas that PUBLIC can use. Functions of an extension that are immutable and
# written in C only compute (the operators of a type, for example), so they stay.
_OPEN_OBJECTS = f"""
    SELECT 'SCHEMA', quote_ident(nspname) FROM ({_OWN_SCHEMAS}) s
    WHERE EXISTS (SELECT FROM pg_namespace n, aclexplode(n.nspacl) a WHERE n.oid = s.oid AND a.grantee = 0)
    UNION ALL
    SELECT CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, format('%I.%I', nspname, relname)
    FROM pg_class c JOIN ({_OWN_SCHEMAS}) s ON s.oid = c.relnamespace
    WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND (
        EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee = 0)
        OR EXISTS (SELECT FROM pg_attribute t, aclexplode(t.attacl) a
                   WHERE t.attrelid = c.oid AND a.grantee = 0))
    UNION ALL
    SELECT 'ROUTINE', format('%I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(p.oid))
    FROM pg_proc p JOIN ({_OWN_SCHEMAS}) s ON s.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
    WHERE EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                  WHERE a.grantee = 0)
      AND NOT (p.provolatile = 'i' AND l.lanname = 'c' AND EXISTS (
          SELECT FROM pg_depend d
          WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
"""  # noqa: S608  # both parts are constants of this module


def close_schemas(cursor: Cursor, *, owner_role: str) -> None:
    """Revoke all from PUBLIC on everything outside the system schemas, keeping the owner's way in.

    Functions that the owner makes later are closed by default too. Raises psycopg.Error.
    """
    owner = sql.Identifier(owner_role)
    for kind, name in _open_objects(cursor):
        target = sql.SQL(kind + " " + name)  # names come quoted from the catalog
        cursor.execute(sql.SQL("REVOKE ALL ON {} FROM PUBLIC").format(target))
        if kind in ("SCHEMA", "ROUTINE"):
            right = sql.SQL("USAGE" if kind == "SCHEMA" else "EXECUTE")
            cursor.execute(sql.SQL("GRANT {} ON {} TO {}").format(right, target, owner))
    cursor.execute(
        sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC").format(owner)
    )


def open_objects(cursor: Cursor) -> list[str]:
    """Return what PUBLIC can still use outside the system schemas, as a person would name it."""
    return [f"{kind.lower()} {name}" for kind, name in _open_objects(cursor)]


def _open_objects(cursor: Cursor) -> list[tuple[str, str]]:
    return [(kind, name) for kind, name in cursor.execute(_OPEN_OBJECTS).fetchall()]
