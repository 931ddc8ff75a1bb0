"""Taking over a database that is on the server already: one that was restored, or that was made elsewhere.

It must belong to the service's own role, and everything in it either to that role or to the tenant's role of old. Whose
database it was can bring that about with `REASSIGN OWNED BY old_role TO service_role`, run in it by a superuser.
"""

import logging

import psycopg
from psycopg import errors, sql

from tenants.databases import names, provision, roles, run_readers, server, template, upkeep
from tenants.errors import DatabaseInUse, DatabaseNotOurs, ServerRefused

log = logging.getLogger(__name__)

_DATABASE = """
    SELECT datdba = quote_ident(current_user)::regrole,
           datistemplate OR NOT datallowconn OR datname = current_database()
    FROM pg_database WHERE datname = %s
"""
_ROLE_ELSEWHERE = """
    SELECT EXISTS (SELECT FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid JOIN pg_database d ON d.datname = %s
                   WHERE r.rolname = %s AND s.refclassid = 'pg_authid'::regclass AND (s.dbid NOT IN (0, d.oid)
                   OR (s.classid = 'pg_database'::regclass AND s.objid <> d.oid)))
"""
_OTHER_SESSIONS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def adopt(database: str, tenant_id: str) -> None:
    """Hand `database` over to the role of a tenant, which is made unless it is there; readers of old rooms and runs go.

    All of it or nothing. Raises DatabaseNotOurs, DatabaseInUse or ServerRefused.
    """
    role = names.owner_role(tenant_id)
    try:
        with server.service_connection() as connection:
            _check_from_outside(connection, database, role)
            prepared = template.is_ready(connection)
        with server.service_connection(database) as connection, connection.transaction():
            _check_from_inside(connection, prepared=prepared)
            upkeep.ensure_role(connection, role)
            run_readers.drop_views(connection)
            for reader in provision.room_roles(connection, database):
                roles.drop_room_role(connection, role=reader, owner=role)
            upkeep.bring_about(connection, tenant_id)
    except errors.InsufficientPrivilege as error:
        raise DatabaseNotOurs("The service's role may not take over what belongs to another role") from error
    except psycopg.Error as error:
        log.error("a database could not be taken over", extra={"tenant_id": tenant_id, "code": error.sqlstate})
        raise ServerRefused from error


def release(database: str, tenant_id: str) -> None:
    """Undo an adoption: everything becomes the service's again, and the tenant's role goes. Raises psycopg.Error."""
    role = names.owner_role(tenant_id)
    with server.service_connection(database) as connection, connection.transaction():
        roles.inherit(connection, True, role)
        connection.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(sql.Identifier(role)))
        connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)))
        connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def _check_from_outside(connection: server.Connection, database: str, role: str) -> None:
    row = connection.execute(_DATABASE, [database]).fetchone()
    if row is None:
        raise DatabaseNotOurs("There is no such database on the service's server")
    ours, reserved = row
    if reserved:
        raise DatabaseNotOurs("This database is the server's or the service's own")
    if not ours:
        raise DatabaseNotOurs(
            f"The database does not belong to the service's role; run REASSIGN OWNED BY its owner TO"
            f" {connection.info.user} in it as a superuser"
        )
    elsewhere = connection.execute(_ROLE_ELSEWHERE, [database, role]).fetchone()
    if elsewhere is None or elsewhere[0]:
        raise DatabaseNotOurs(f"The role {role} is used in another database")


def _check_from_inside(connection: server.Connection, *, prepared: bool) -> None:
    sessions = connection.execute(_OTHER_SESSIONS).fetchone()
    if sessions is None or sessions[0]:
        raise DatabaseInUse
    migrated = connection.execute("SELECT to_regclass('public.django_migrations') IS NOT NULL").fetchone()
    if migrated is None or migrated[0]:
        raise DatabaseNotOurs("This is the own database of a service like this one")
    if prepared and not template.is_closed(connection):
        raise DatabaseNotOurs(
            "Built-in functions are open to everybody in this database;"
            f" restore it into one that is made from the template {template.NAME}"
        )
