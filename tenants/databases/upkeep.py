"""What holds of every tenant's database, brought about again where it does not hold.

The tenant's role may log in and nothing more; it, the service and the readers of its rooms and runs may enter the
database and nobody else; everything in it is the role's, but for the views of runs.
"""

from typing import Any

from psycopg import sql

from tenants.databases import names, ownership, provision, roles, server, template
from tenants.errors import DatabaseNotOurs

_POWERS = """
    SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls OR EXISTS (
        SELECT FROM pg_auth_members m WHERE m.member = r.oid
        AND m.roleid <> ALL (SELECT oid FROM pg_roles WHERE rolname = %(owners)s))
    FROM pg_roles r WHERE rolname = %(role)s
"""
_ENTRANTS = """
    SELECT DISTINCT g.rolname FROM pg_database d, aclexplode(d.datacl) a JOIN pg_roles g ON g.oid = a.grantee
    WHERE d.datname = current_database() AND g.oid <> d.datdba AND g.rolname <> %(role)s
      AND g.rolname !~ '^(r_[0-9a-f]+|q_[0-9a-f]+_[0-9a-f]+)$'
"""
_PUBLIC_IS_OPEN = """
    SELECT EXISTS (SELECT FROM pg_namespace n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
                   WHERE n.nspname = 'public' AND a.grantee = 0)
"""
_STATE = """
    SELECT jsonb_build_object(
        'role', (SELECT to_jsonb(r) FROM pg_roles r WHERE r.rolname = %(role)s),
        'memberships', (SELECT jsonb_agg(to_jsonb(m) - 'oid' ORDER BY m.roleid, m.member, m.grantor)
                        FROM pg_auth_members m JOIN pg_roles r ON r.oid IN (m.roleid, m.member)
                        WHERE r.rolname = %(role)s),
        'database', (SELECT d.datacl::text FROM pg_database d WHERE d.datname = current_database()),
        'public', (SELECT n.nspacl::text FROM pg_namespace n WHERE n.nspname = 'public'),
        'defaults', (SELECT jsonb_agg(a.defaclacl::text ORDER BY a.oid) FROM pg_default_acl a
                     JOIN pg_roles r ON r.oid = a.defaclrole WHERE r.rolname = %(role)s),
        'owned', (SELECT count(*) FROM pg_shdepend o JOIN pg_roles r ON r.oid = o.refobjid
                  WHERE o.deptype = 'o' AND r.rolname = %(role)s))
"""


def repair(database: str, tenant_id: str) -> bool:
    """Bring about what has to hold; whether anything had to be changed.

    All of it or nothing. Raises DatabaseNotOurs for what only a person can put right, and psycopg.Error.
    """
    role = names.owner_role(tenant_id)
    with server.service_connection(database) as connection, connection.transaction():
        before = _state(connection, role)
        bring_about(connection, tenant_id)
        changed: bool = before != _state(connection, role)
        return changed


def bring_about(connection: server.Connection, tenant_id: str) -> None:
    """The same, in a transaction in that database. Raises DatabaseNotOurs."""
    role = names.owner_role(tenant_id)
    ensure_role(connection, role)
    _close(connection, role)
    provision.furnish(connection, tenant_id)
    ownership.hand_over(connection, role=role)
    _check(connection, role)


def ensure_role(connection: server.Connection, role: str) -> None:
    """Make the tenant's role, or its limits what they should be. Raises DatabaseNotOurs when it is too powerful."""
    roles.lock(connection)
    closed = template.is_closed(connection)
    if not roles.exists(connection, role):
        provision.create_role(connection, role, closed=closed)
        return
    powers = connection.execute(_POWERS, {"role": role, "owners": template.OWNERS}).fetchone()
    if powers is None or powers[0]:
        raise DatabaseNotOurs(f"The role {role} may do more than a tenant's role; a superuser must take that from it")
    limits = sql.SQL("ALTER ROLE {} LOGIN CONNECTION LIMIT {}")
    connection.execute(limits.format(sql.Identifier(role), sql.Literal(provision.OWNER_CONNECTIONS)))
    roles.inherit(connection, False, role)
    roles.apply_settings(connection, role=role, settings=provision.OWNER_SETTINGS)
    if closed:
        connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(template.OWNERS), sql.Identifier(role)))


def _close(connection: server.Connection, role: str) -> None:
    """Take from everybody else the right to enter."""
    database = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    for (grantee,) in connection.execute(_ENTRANTS, {"role": role}).fetchall():
        revoke = sql.SQL("REVOKE ALL ON DATABASE {} FROM {} CASCADE")
        connection.execute(revoke.format(database, sql.Identifier(grantee)))


def _check(connection: server.Connection, role: str) -> None:
    strange = ownership.of_others(connection, role=role)
    if strange:
        raise DatabaseNotOurs(f"Not everything in the database is the tenant's: {'; '.join(strange)}")
    row = connection.execute(_PUBLIC_IS_OPEN).fetchone()
    if row is None or row[0]:
        raise DatabaseNotOurs("Schema public does not belong to the service, so that it stays open to everybody")


def _state(connection: server.Connection, role: str) -> Any:
    row = connection.execute(_STATE, {"role": role}).fetchone()
    return row[0] if row else None
