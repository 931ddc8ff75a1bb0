"""The SQL role as which a room's agents read: it follows the room's life."""

from collections.abc import Iterable

import psycopg

from rooms.services import tables
from tenants.databases import session
from tenants.errors import DatabaseBusy
from tenants.models import Tenant


def ensure(tenant: Tenant, room_id: str, allowed: Iterable[str]) -> list[str]:
    """Let the room's reader read exactly the tables that the signed names mean today, whatever their case.

    Returns those tables as they are called in the database, in order of name. Raises DatabaseBusy when the tenant's
    database does not answer.
    """
    names = list(allowed)
    present = sorted(tables.present(names, session.table_names(tenant))) if names else []
    try:
        session.ensure_room_role(tenant, room_id, present)
        return present
    except psycopg.OperationalError as error:
        raise DatabaseBusy from error


def drop(tenant: Tenant, room_id: str) -> None:
    """Remove the reader with its sessions. Gone already is fine. Raises DatabaseBusy."""
    try:
        session.drop_room_role(tenant, room_id)
    except psycopg.OperationalError as error:
        raise DatabaseBusy from error
