"""Make and remove a tenant's database with its roles.

The database belongs to the service; the tenant's role may make, fill and drop tables in it and nothing else:
it cannot rename it, open it to others, install extensions or change what the service revoked. Nobody else may
enter.
"""

import logging

import psycopg
from psycopg import errors, sql

from tenants.databases import names, roles, server, template
from tenants.errors import ControlDatabaseOpen, DatabaseInUse, DatabaseNameTaken, ProvisioningFailed, ServerRefused

log = logging.getLogger(__name__)

OWNER_CONNECTIONS = 8
OWNER_SETTINGS = {
    "statement_timeout": "30s",
    "lock_timeout": "20s",
    "idle_in_transaction_session_timeout": "60s",
    "temp_file_limit": "1GB",
}


def create(tenant_id: str) -> None:
    """Make database and owner role of a tenant.

    Raises ProvisioningFailed or ControlDatabaseOpen, leaving neither.
    """
    try:
        with server.service_connection() as connection:
            base = _base(connection)
            create_role(connection, names.owner_role(tenant_id), closed=base == template.NAME)
            _check_control_is_closed(connection, role=names.owner_role(tenant_id))
            _create_database(connection, tenant_id, base=base)
        with server.service_connection(names.database(tenant_id)) as connection:
            furnish(connection, tenant_id)
    except (psycopg.Error, ControlDatabaseOpen) as error:
        _compensate(tenant_id)
        if isinstance(error, ControlDatabaseOpen):
            raise
        log.error("provisioning failed", extra={"tenant_id": tenant_id, "code": error.sqlstate})
        raise ProvisioningFailed from error


def furnish(connection: server.Connection, tenant_id: str) -> None:
    """Let the owner role, and nobody else, into a tenant's database and its schema public. Safe to repeat.

    `connection` leads into that database.
    """
    database = sql.Identifier(connection.info.dbname)
    owner = sql.Identifier(names.owner_role(tenant_id))
    connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    with connection.transaction(), roles.acting_as(connection, names.owner_role(tenant_id)):
        connection.execute("ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON ROUTINES FROM PUBLIC")
    connection.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(owner))
    connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, owner))


def rename(before: str, after: str) -> None:
    """Call a tenant's database otherwise. Raises DatabaseInUse, DatabaseNameTaken, ServerRefused."""
    statement = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(before), sql.Identifier(after))
    try:
        with server.service_connection() as connection:
            connection.execute(statement)
    except errors.ObjectInUse as error:
        raise DatabaseInUse from error
    except errors.DuplicateDatabase as error:
        raise DatabaseNameTaken from error
    except psycopg.Error as error:
        log.error("a database could not be renamed", extra={"code": error.sqlstate})
        raise ServerRefused from error


def drop(tenant_id: str, *, database: str = "") -> None:
    """Remove a tenant's database, its connections, and every role made for it. What is gone already is fine.

    `database` is needed when it is not called as it was at first. Raises psycopg.Error when something remains;
    calling again is safe.
    """
    database, owner = database or names.database(tenant_id), names.owner_role(tenant_id)
    with server.service_connection() as connection:
        doomed = [owner, *room_roles(connection, database)]
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
        for role in doomed:
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def _compensate(tenant_id: str) -> None:
    try:
        drop(tenant_id)
    except psycopg.Error as error:  # the first failure is the one to report
        log.error("clearing up after it failed too", extra={"tenant_id": tenant_id, "code": error.sqlstate})


def _base(connection: server.Connection) -> str:
    """The database to copy: the template closed to readers, made now if this service is a superuser."""
    ready = template.is_ready(connection)
    if not ready and template.is_superuser(connection):
        template.build(
            server.service_connection,
            service_role=connection.info.user,
            maintenance_database=connection.info.dbname,
        )
        ready = True
    if not ready:
        log.warning("built-in functions stay open to readers: no superuser has prepared this server")
    return template.NAME if ready else "template0"


def create_role(connection: server.Connection, role: str, *, closed: bool) -> None:
    """Make the owner role of a tenant; `closed` when its database has the built-in functions closed to everybody."""
    roles.create_login(connection, role=role, password=names.password(role), connections=OWNER_CONNECTIONS)
    roles.apply_settings(connection, role=role, settings=OWNER_SETTINGS)
    if closed:
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(template.OWNERS), sql.Identifier(role)))


def _check_control_is_closed(connection: server.Connection, *, role: str) -> None:
    row = connection.execute("SELECT has_database_privilege(%s, current_database(), 'CONNECT')", [role]).fetchone()
    if row is None or row[0]:
        raise ControlDatabaseOpen


def _create_database(connection: server.Connection, tenant_id: str, *, base: str) -> None:
    name = sql.Identifier(names.database(tenant_id))
    connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(base)))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))


def room_roles(connection: server.Connection, database: str) -> list[str]:
    """Roles of rooms and runs that hold a right in or on `database`."""
    rows = connection.execute(
        "SELECT DISTINCT r.rolname FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid"
        " JOIN pg_database b ON b.datname = %s AND (d.dbid = b.oid OR"
        " (d.dbid = 0 AND d.classid = 'pg_database'::regclass AND d.objid = b.oid))"
        " WHERE d.refclassid = 'pg_authid'::regclass AND r.rolname ~ '^[rq]_' ORDER BY 1",
        [database],
    ).fetchall()
    return [str(row[0]) for row in rows]
