"""Databases that are on the server without a tenant: restored, or made elsewhere."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import sql

from tenants.databases import server, template


@contextmanager
def database(*statements: str, closed: bool = True) -> Iterator[str]:
    """A database of the service's own with these statements carried out in it; its name."""
    name = f"old_{uuid.uuid4().hex[:12]}"
    with server.service_connection() as service:
        base = template.NAME if closed and template.is_ready(service) else "template0"
        service.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(base)))
    try:
        run(name, *statements)
        yield name
    finally:
        with server.service_connection() as service:
            service.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def run(name: str, *statements: str) -> None:
    """Carry statements out as the service."""
    with server.service_connection(name) as service:
        for statement in statements:
            service.execute(statement)


def owners(name: str) -> set[str]:
    """Who owns tables, views, routines and types of schema public."""
    with server.service_connection(name) as service:
        rows = service.execute(
            "SELECT relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " UNION SELECT proowner::regrole::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " UNION SELECT typowner::regrole::text FROM pg_type WHERE typnamespace = 'public'::regnamespace"
        ).fetchall()
    return {row[0] for row in rows}


def role_exists(role: str) -> bool:
    """Whether the server knows the role."""
    with server.service_connection() as service:
        return bool(service.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchall())
