"""Prepare the machine's Postgres for the service: `set_up.py FOLDER`, with the folder of the secrets.

Everything here may be done again: what is there is left as it is.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

SERVICE: Final = "hivemind"
SUPERUSER: Final = "postgres"
HOST: Final = "postgres"


def main(folder: Path) -> None:
    """Role and database, the template of the tenants' databases, tables, the operator's account."""
    superuser, service = (
        (folder / name).read_text(encoding="ascii") for name in ("postgres-password", "service-password")
    )
    with psycopg.connect(
        host=HOST, user=SUPERUSER, password=superuser, dbname="postgres", autocommit=True
    ) as connection:
        provide(connection, password=service)
    manage("prepare_server", "--superuser", SUPERUSER, PGPASSWORD=superuser)
    manage("migrate", "--no-input", "--verbosity", "0")
    manage("create_operator", "--if-missing")


def provide(connection: psycopg.Connection[tuple[object, ...]], *, password: str) -> None:
    """The service's role, which is no superuser, and its database, closed to every other role."""
    role = sql.Identifier(SERVICE)
    if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [SERVICE]).fetchall():
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB CREATEROLE").format(role))
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(password)))
    connection.execute("REVOKE ALL ON DATABASE postgres FROM PUBLIC")
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE postgres TO {}").format(role))
    if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [SERVICE]).fetchall():
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(role, role))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(role))


def manage(*words: str, **environment: str) -> None:
    """Run a management command; its failure is ours."""
    subprocess.run([sys.executable, "manage.py", *words], env={**os.environ, **environment}, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
