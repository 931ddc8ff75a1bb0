"""`manage.py create_tenant NAME`: make a tenant and print its owner key, once."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hivemind.kit.audit import Actor
from hivemind.kit.errors import DomainError
from tenants.services import tenants


class Command(BaseCommand):
    """Makes one tenant with a database of its own."""

    help = "Make a tenant and print its owner key. The key is shown once: only its hash is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("name", help="display name")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--allow-duplicate-name", action="store_true", help="accept a name that is taken")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it; a refusal ends the command with its sentence."""
        try:
            made = tenants.create(
                options["name"],
                actor=Actor.system("create_tenant"),
                allow_duplicate_name=options["allow_duplicate_name"],
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        tenant = made.tenant
        if options["json"]:
            body = {"tenant_id": tenant.id, "api_key": made.api_key, "db_name": tenant.db_name, "name": tenant.name}
            self.stdout.write(json.dumps(body))
            return
        self.stdout.write(f"tenant     {tenant.id} ({tenant.name})")
        self.stdout.write(f"owner key  {made.api_key}   (shown this once)")
        self.stdout.write("use it     hmctl init --service <url> --api-key <the key>")
