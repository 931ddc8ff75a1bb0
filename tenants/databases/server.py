"""Connections to the Postgres server that holds the control database and every tenant's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection as control
from psycopg import sql

CONNECT_SECONDS = 5
# Names are looked up in the catalog alone, so that nothing a tenant makes in `public` runs with the service's
# rights.
ADMIN_OPTIONS = "-c search_path=pg_catalog -c statement_timeout=60000 -c lock_timeout=10000"

Connection = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def service_connection(dbname: str = "") -> Iterator[Connection]:
    """Enter `dbname` (empty: the control database) as the service's own role, each statement on its own.

    It is apart from Django's connection because a database cannot be made or dropped inside a transaction.
    """
    settings = control.settings_dict
    with open_connection(
        dbname or settings["NAME"],
        user=settings["USER"],
        password=settings["PASSWORD"],
        options=ADMIN_OPTIONS,
        autocommit=True,
    ) as connection:
        yield connection


def open_connection(dbname: str, *, user: str, password: str, options: str, autocommit: bool = False) -> Connection:
    """A new connection to the server of the control database. Raises psycopg.OperationalError."""
    settings = control.settings_dict
    tls = {name: value for name, value in settings["OPTIONS"].items() if name.startswith("ssl")}
    return psycopg.connect(
        dbname=dbname,
        user=user or None,
        password=password or None,
        host=settings["HOST"] or None,
        port=settings["PORT"] or None,
        connect_timeout=CONNECT_SECONDS,
        application_name="hivemind",
        options=options,
        autocommit=autocommit,
        prepare_threshold=None,
        **tls,
    )


def encrypted_password(connection: Connection, *, role: str, password: str) -> sql.Literal:
    """`password` as a SCRAM verifier, so that no statement ever carries it in clear."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    return sql.Literal(verifier.decode())
