"""`manage.py reset_second_factor NAME`: for the superuser who lost the app and has nobody to ask."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from hivemind.kit.audit import Actor
from hivemind.kit.services import second_factor
from hivemind.kit.services.second_factor import NoFactor


class Command(BaseCommand):
    """Removes the authenticator app and the recovery codes of an account; the trail says that a command did it."""

    help = "Let an operator sign in with the password alone, until they set up another second factor."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the argument."""
        parser.add_argument("name", help="the account's name")

    def handle(self, *args: Any, **options: Any) -> None:
        """Remove what there is."""
        user = User.objects.filter(username=options["name"]).first()
        if user is None:
            raise CommandError(f"there is no account {options['name']}")
        try:
            second_factor.remove(user, actor=Actor.system("reset_second_factor"))
        except NoFactor as error:
            raise CommandError(f"{options['name']} has no second factor") from error
        self.stdout.write(f"{options['name']} signs in with the password alone now")
