"""`manage.py create_operator`: the account with which the operator enters the admin."""

import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction


class Command(BaseCommand):
    """Makes a superuser with a random password, which is printed once and stored nowhere in clear."""

    help = "Create the operator's account and print its password, which cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the flags."""
        parser.add_argument("--name", default="operator", help="the name to log in with")
        parser.add_argument("--if-missing", action="store_true", help="do nothing when the account exists")
        parser.add_argument("--json", action="store_true", help="print an object with name and password")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the account, or say that it is there."""
        name, password = options["name"], secrets.token_urlsafe(18)
        created = _create(name, password=password)
        if not created and not options["if_missing"]:
            raise CommandError(f"{name} exists already; change the password with: manage.py changepassword {name}")
        if options["json"]:
            self.stdout.write(json.dumps({"name": name, "password": password if created else None}))
        elif created:
            self.stdout.write(f"operator account: {name}\npassword, shown this once: {password}")


def _create(name: str, *, password: str) -> bool:
    users = get_user_model()
    if users.objects.filter(username=name).exists():
        return False
    try:
        with transaction.atomic():
            users.objects.create_superuser(username=name, password=password)
    except IntegrityError:  # another start was faster
        return False
    return True
