"""Writing a vault row's bytes as a binary parameter: the ORM would spell them out in hexadecimal inside the statement,
which costs ten times the rest of the request for an item of a mebibyte.
"""

import psycopg
from django.db import connection

from rooms.models import VaultItem

_INSERT = """
    INSERT INTO rooms_vaultitem (id, room_id, position, sealed, size_bytes, created_at) VALUES (%s, %s, %s, %b, %s, %s)
"""


def insert(item: VaultItem) -> None:
    """Insert a new row. Part of the caller's transaction."""
    connection.ensure_connection()
    values = (item.pk, item.room_id, item.position, item.sealed, item.size_bytes, item.created_at)
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_INSERT, values)
