"""`manage.py workers`: which worker processes are alive."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from hivemind.kit import clock, handoff


class Command(BaseCommand):
    """Lists living workers."""

    help = "List the worker processes that are alive, with the age of their last heartbeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the flags."""
        parser.add_argument("--count", action="store_true", help="print only how many there are")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line per worker."""
        alive = handoff.living("runs")
        if options["count"]:
            self.stdout.write(str(len(alive)))
            return
        for worker in alive:
            age = (clock.now() - worker.heartbeat_at).total_seconds()
            self.stdout.write(f"{worker.worker_id}  queues {worker.queues}  last heartbeat {age:.0f} s ago")
