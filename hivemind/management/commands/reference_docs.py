"""`manage.py reference_docs`: write docs/reference from the code, or check that it is what the code says."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hivemind.reference.pages import FOLDER, pages, stale


class Command(BaseCommand):
    """Writes the pages; with --check it only compares."""

    help = "Write docs/reference: settings, errors, states and the OpenAPI document."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the flags."""
        parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is out of date")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write or compare."""
        if options["check"]:
            names = ", ".join(path.name for path in stale())
            if names:
                raise CommandError(f"out of date: {names}; run manage.py reference_docs")
            return
        FOLDER.mkdir(parents=True, exist_ok=True)
        for path, text in pages():
            path.write_text(text, encoding="utf-8")
            self.stdout.write(f"wrote {path.name}")
