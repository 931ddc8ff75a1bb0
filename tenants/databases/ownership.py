"""Whose is what in a tenant's database: everything the tenant's own role's, nothing anybody else's.

What an extension brought was brought by the operator and does not count, nor do the views of a run that is under way.
"""

from psycopg import sql

from tenants.databases import roles, server

SHOWN = 3

# Schemas come first, because a table's new owner must have its schema.
_OBJECTS = f"""
    WITH own AS (SELECT oid, nspname, nspowner FROM pg_namespace
                 WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND nspname !~ '^pg_(toast|temp)'
                 AND nspname !~ '{roles.RUN_SCHEMA}'),
    object (position, kind, name, owner, sound, classid, objid) AS (
        SELECT 1, 'SCHEMA', format('%%I', nspname), nspowner, true, 'pg_namespace'::regclass, oid
        FROM own WHERE nspname <> 'public'
        UNION ALL
        SELECT 2, 'TABLE', format('%%I.%%I', own.nspname, c.relname), c.relowner, true, 'pg_class'::regclass, c.oid
        FROM pg_class c JOIN own ON own.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') OR c.relkind = 'S' AND NOT EXISTS (
            SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
            AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'))
        UNION ALL
        SELECT 3, 'ROUTINE',
               format('%%I.%%I(%%s)', own.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
               p.proowner, l.lanpltrusted, 'pg_proc'::regclass, p.oid
        FROM pg_proc p JOIN own ON own.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
        UNION ALL
        SELECT 4, 'TYPE', format('%%I.%%I', own.nspname, t.typname), t.typowner, true, 'pg_type'::regclass, t.oid
        FROM pg_type t JOIN own ON own.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE t.typtype IN ('d', 'e', 'r') OR t.typtype = 'b' AND t.typcategory <> 'A' OR c.relkind = 'c'
    )
    SELECT kind, name, owner::regrole::text, sound FROM object o
    WHERE NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = o.classid AND d.objid = o.objid AND d.deptype = 'e')
"""  # noqa: S608 - a pattern of ours
_TO_HAND_OVER = f"{_OBJECTS} AND owner = quote_ident(current_user)::regrole AND sound ORDER BY position, name"
_STRANGE = f"{_OBJECTS} AND (owner <> %(role)s::regrole OR NOT sound) ORDER BY position, name LIMIT {SHOWN}"
# Kinds of things that no tenant has, and event triggers, which run whenever the service grants something.
_OTHER = """
    SELECT pg_describe_object(d.classid, d.objid, d.objsubid), d.refobjid::regrole::text
    FROM pg_shdepend d
    WHERE d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND d.deptype = 'o'
      AND d.classid NOT IN ('pg_namespace'::regclass, 'pg_class'::regclass, 'pg_proc'::regclass, 'pg_type'::regclass,
                            'pg_extension'::regclass, 'pg_default_acl'::regclass)
      AND d.refobjid <> %(role)s::regrole
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
    UNION
    SELECT 'event trigger ' || t.evtname, t.evtowner::regrole::text FROM pg_event_trigger t
    WHERE NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_event_trigger'::regclass AND e.objid = t.oid
                      AND e.deptype = 'e')
    ORDER BY 1
"""


def hand_over(connection: server.Connection, *, role: str) -> None:
    """Give `role` everything that belongs to the service. It must be allowed to make things in schema public."""
    found = connection.execute(_TO_HAND_OVER, {"role": role}).fetchall()
    if not found:
        return
    roles.inherit(connection, True, role)  # what lies in a schema that is the role's already can only so be found
    for kind, name, _, _ in found:
        statement = sql.SQL("ALTER {} {} OWNER TO {}")  # names come quoted from the catalog
        connection.execute(statement.format(sql.SQL(kind), sql.SQL(name), sql.Identifier(role)))
    roles.inherit(connection, False, role)


def of_others(connection: server.Connection, *, role: str) -> list[str]:
    """Some of the things that are not the role's, or that no tenant may have, each with its owner."""
    found = [
        f"{kind.lower()} {name} of {owner}" if sound else f"{kind.lower()} {name}, which is not in a trusted language"
        for kind, name, owner, sound in connection.execute(_STRANGE, {"role": _quoted(role)}).fetchall()
    ]
    found += [f"{what} of {owner}" for what, owner in connection.execute(_OTHER, {"role": _quoted(role)}).fetchall()]
    return found[:SHOWN]


def _quoted(role: str) -> str:
    """A role's name as a cast to regrole reads it."""
    return '"' + role.replace('"', '""') + '"'
