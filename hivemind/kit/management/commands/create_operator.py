"""`manage.py create_operator`: the account with which the operator enters the admin."""

import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction

from hivemind.kit import acting, audit
from hivemind.kit.audit import Actor
from hivemind.roles import ROLES

COMMAND = Actor.system("create_operator")


class Command(BaseCommand):
    """Makes an account with a random password, which is printed once and stored nowhere in clear.

    Without a role it is a superuser, who may do everything and manages the other accounts.
    """

    help = "Create the operator's account and print its password, which cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the flags."""
        parser.add_argument("--name", default="operator", help="the name to log in with")
        parser.add_argument("--role", choices=sorted(ROLES), help="what the account may do; everything when not given")
        parser.add_argument("--if-missing", action="store_true", help="do nothing when the account exists")
        parser.add_argument("--json", action="store_true", help="print an object with name and password")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the account, or say that it is there."""
        name, password = options["name"], secrets.token_urlsafe(18)
        created = _create(name, password=password, role=options["role"])
        if not created and not options["if_missing"]:
            raise CommandError(f"{name} exists already; change the password with: manage.py changepassword {name}")
        if options["json"]:
            self.stdout.write(json.dumps({"name": name, "password": password if created else None}))
        elif created:
            self.stdout.write(f"operator account: {name}\npassword, shown this once: {password}")


def _create(name: str, *, password: str, role: str | None) -> bool:
    users = get_user_model()
    if users.objects.filter(username=name).exists():
        return False
    try:
        with transaction.atomic():
            with acting.on_behalf(lambda: {"actor": COMMAND.name}):
                if role is None:
                    users.objects.create_superuser(username=name, password=password)
                else:
                    user = users.objects.create_user(username=name, password=password, is_staff=True)
                    user.groups.add(_group(role))
            audit.record(COMMAND, "user.added", name, role=role or "superuser")
    except IntegrityError:  # another start was faster
        return False
    return True


def _group(role: str) -> Group:
    try:
        return Group.objects.get(name=role)
    except Group.DoesNotExist as error:
        raise CommandError(f"the group {role} is missing; make it again in the admin, or migrate anew") from error
