"""Close the built-in functions of a Postgres server to readers. Needed once on a server of one's own."""

import argparse
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import connection as control

from tenants.databases import server, template


class Command(BaseCommand):
    """Make the template of tenants' databases as a superuser; the service's own role need not be one."""

    help = "Prepare the Postgres server for tenants' databases; libpq finds the password (PGPASSWORD, .pgpass)."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Which superuser."""
        parser.add_argument("--superuser", default="postgres", help="role to log in as (default: postgres)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Build the template, or say that it is there."""

        def connect(dbname: str) -> server.Connection:
            return server.open_connection(
                dbname, user=options["superuser"], password="", options=server.ADMIN_OPTIONS, autocommit=True
            )

        settings = control.settings_dict
        try:
            made = template.build(connect, service_role=settings["USER"], maintenance_database=settings["NAME"])
        except psycopg.Error as error:
            raise CommandError(f"the server could not be prepared: {error}") from error
        self.stdout.write("prepared" if made else "was prepared already")
