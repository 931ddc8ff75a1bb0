"""The template of every tenant's database, in which built-in functions and catalogs are closed to readers.

Postgres gives everybody every built-in function and its catalogs through PUBLIC. Only a superuser can take that away,
and only database by database; so a superuser does it once, in a template, and databases made from it inherit it. What
PUBLIC loses is given by name to the tenants' owner roles (a group) and to the service. Free of Django, so that whoever
starts a server can prepare it.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import psycopg
from psycopg import sql

from tenants.databases import builtins

NAME = "hivemind_tenant_template"
OWNERS = "hivemind_tenant_owners"
# Raised when what follows changes, so that an older template is built anew.
MARK = "closed to readers, 1"

Connection = psycopg.Connection[Any]
Connect = Callable[[str], AbstractContextManager[Connection]]

_BATCH = 200

# Functions that PUBLIC has and that are neither known to only compute nor behind an operator or a cast.
_ROUTINES = """
    SELECT p.proname, format('%%I.%%I(%%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid))
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('pg_catalog', 'information_schema')
      AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)
      AND p.prokind NOT IN ('a', 'w')
      AND NOT (n.nspname = 'pg_catalog' AND (p.provolatile = 'i' OR p.proname = ANY(%(safe)s)
               OR EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
               OR EXISTS (SELECT FROM pg_cast c WHERE c.castfunc = p.oid)))
    ORDER BY p.oid
"""
_RELATIONS = """
    SELECT c.relname, format('%I.%I', n.nspname, c.relname)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v')
      AND (EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee = 0)
           OR EXISTS (SELECT FROM pg_attribute t, aclexplode(t.attacl) a
                      WHERE t.attrelid = c.oid AND a.grantee = 0))
    ORDER BY c.oid
"""
_IS_READY = """
    SELECT EXISTS (SELECT FROM pg_database d WHERE d.datname = %s AND d.datistemplate
                   AND shobj_description(d.oid, 'pg_database') = %s)
"""


def is_ready(connection: Connection) -> bool:
    """Whether this server has the template in its present version."""
    row = connection.execute(_IS_READY, [NAME, MARK]).fetchone()
    return bool(row and row[0])


def is_closed(connection: Connection) -> bool:
    """Whether the database of this connection keeps from everybody what the template does."""
    open_routine = connection.execute(f"{_ROUTINES} LIMIT 1", {"safe": sorted(builtins.SAFE_STABLE)}).fetchone()
    return open_routine is None and connection.execute(f"{_RELATIONS} LIMIT 1").fetchone() is None


def is_superuser(connection: Connection) -> bool:
    """Whether the session may do everything."""
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


def build(connect: Connect, *, service_role: str, maintenance_database: str = "postgres") -> bool:
    """Make the template unless it is ready; return whether it was made. Safe to call from several processes.

    `connect` opens a database of the server as a superuser, each statement on its own. `service_role` is the role as
    which the service makes databases. Raises psycopg.Error.
    """
    with connect(maintenance_database) as server:
        server.execute("SELECT pg_advisory_lock(hashtextextended('hivemind tenant template', 0))")
        if is_ready(server):
            return False
        service = sql.Identifier(service_role)
        _make_group(server, service)
        _let_service_limit(server, service)
        _make_database(server, service)
        with connect(NAME) as connection, connection.transaction():
            _close_routines(connection, service)
            _close_relations(connection, service)
            _close_languages(connection)
        name = sql.Identifier(NAME)
        server.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE true ALLOW_CONNECTIONS false").format(name))
        server.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, sql.Literal(MARK)))
    return True


def _make_group(server: Connection, service: sql.Identifier) -> None:
    group = sql.Identifier(OWNERS)
    if not server.execute("SELECT FROM pg_roles WHERE rolname = %s", [OWNERS]).fetchall():
        server.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(group))
    server.execute(sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(group, service))


def _let_service_limit(server: Connection, service: sql.Identifier) -> None:
    """The service may end tenants' sessions and bound their temporary files."""
    server.execute(sql.SQL("GRANT pg_signal_backend TO {}").format(service))
    if server.info.server_version >= 150000:
        server.execute(sql.SQL("GRANT SET ON PARAMETER temp_file_limit TO {}").format(service))


def _make_database(server: Connection, service: sql.Identifier) -> None:
    name = sql.Identifier(NAME)
    if server.execute("SELECT FROM pg_database WHERE datname = %s", [NAME]).fetchall():
        server.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(name))
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
    server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 OWNER {}").format(name, service))
    server.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))


def _close_routines(connection: Connection, service: sql.Identifier) -> None:
    found = connection.execute(_ROUTINES, {"safe": sorted(builtins.SAFE_STABLE)}).fetchall()
    everything = [signature for _, signature in found]
    for_owners = [signature for name, signature in found if not builtins.CLUSTER_WIDE.fullmatch(name)]
    _in_batches(connection, "REVOKE EXECUTE ON ROUTINE {} FROM PUBLIC", everything)
    _in_batches(connection, "GRANT EXECUTE ON ROUTINE {} TO {}", everything, service)
    _in_batches(connection, "GRANT EXECUTE ON ROUTINE {} TO {}", for_owners, sql.Identifier(OWNERS))


def _close_relations(connection: Connection, service: sql.Identifier) -> None:
    found = connection.execute(_RELATIONS).fetchall()
    everything = [qualified for _, qualified in found]
    for_owners = [qualified for name, qualified in found if name not in builtins.CLUSTER_WIDE_RELATIONS]
    _in_batches(connection, "REVOKE ALL ON TABLE {} FROM PUBLIC", everything)
    _in_batches(connection, "GRANT SELECT ON TABLE {} TO {}", everything, service)
    _in_batches(connection, "GRANT SELECT ON TABLE {} TO {}", for_owners, sql.Identifier(OWNERS))


def _close_languages(connection: Connection) -> None:
    """Blocks of code are for owners."""
    group = sql.Identifier(OWNERS)
    connection.execute("REVOKE USAGE ON LANGUAGE plpgsql, sql FROM PUBLIC")
    connection.execute(sql.SQL("GRANT USAGE ON LANGUAGE plpgsql, sql TO {}").format(group))


def _in_batches(connection: Connection, statement: str, names: list[str], *roles: sql.Identifier) -> None:
    for start in range(0, len(names), _BATCH):
        batch = sql.SQL(", ".join(names[start : start + _BATCH]))  # names come quoted from the catalog
        connection.execute(sql.SQL(statement).format(batch, *roles))
