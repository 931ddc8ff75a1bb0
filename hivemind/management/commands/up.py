"""`manage.py up`: the whole service in the foreground of one terminal, with the parts it embeds."""

import socket
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from agents.services.engine import engine
from hivemind.kit.conf import conf
from hivemind.local import checkout, embedded, processes
from hivemind.local.errors import LocalError
from hivemind.local.supervisor import Child, Supervisor, claim
from runner.engine.errors import EngineError

PORT_SECONDS = 10.0  # the workers of a killed service need a moment to notice and let go


class Command(BaseCommand):
    """Runs until it is told to stop."""

    help = "Run web, worker and beat, and the embedded Postgres and Redis, until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the flags."""
        parser.add_argument("--no-migrate", action="store_true", help="leave the database's tables as they are")

    def handle(self, *args: Any, **options: Any) -> None:
        """Start everything, wait for a signal, stop what was started here."""
        here = checkout.read()
        try:
            with claim(here.layout):
                self._run(here, migrate=not options["no_migrate"])
        except LocalError as error:
            raise CommandError(str(error)) from error

    def _run(self, here: checkout.Checkout, *, migrate: bool) -> None:
        _await_port(here.host, here.port)
        ours = embedded.ensure_all(here.services)
        try:
            if migrate:
                call_command("migrate", verbosity=0, interactive=False)
            self._say(f"serving {here.url}, logs in {here.layout.log_dir}")
            Supervisor(
                _children(here),
                layout=here.layout,
                environment=checkout.environment(),
                check=lambda: ours.extend(self._revive(here, known=ours)),
                say=self._say,
            ).run()
        finally:
            self._say("stopping")
            self._remove_containers()
            embedded.stop_all([part for part in here.services if part in ours])

    def _remove_containers(self) -> None:
        """Nobody carries on with what runs now; the reaper ends those runs at the next start."""
        try:
            engine().remove_strays([], older_than_seconds=0)
        except EngineError:
            self._say("the container engine does not answer; what is left on it goes at the next start")

    def _revive(self, here: checkout.Checkout, *, known: list[embedded.Part]) -> list[embedded.Part]:
        try:
            back = embedded.revive(here.services)
        except LocalError as error:  # it is tried again at the next look
            self._say(str(error))
            return []
        for part in back:
            self._say(f"{part.name} had died and was started again")
        return [part for part in back if part not in known]

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _children(here: checkout.Checkout) -> list[Child]:
    """Return the processes of the service, in the order in which they stop."""
    python = (sys.executable, "-m")
    web = (*python, "gunicorn", "--config", "python:hivemind.web_server", "hivemind.wsgi:application")
    celery = (*python, "celery", "--quiet", "-A", "hivemind.celery:app")
    worker = (
        *(*celery, "worker", "--pool", "threads", "--concurrency", str(conf.budgets.concurrent_runs)),
        *("--queues", "runs,builds", "--prefetch-multiplier", "1", "--without-gossip", "--without-mingle"),
    )
    schedule = here.layout.state_dir / "beat-schedule"
    beat = (*celery, "beat", "--schedule", str(schedule), "--pidfile=")
    children = [Child("web", web, 12), Child("beat", beat, 5), Child("worker", worker, 20)]
    if conf.evidence.mode == "development" and not conf.evidence.dstack_endpoint:
        children.append(Child("guest-agent", (*python, "django", "dev_guest_agent"), 5))  # others sign with its key
    return children


def _await_port(host: str, port: int) -> None:
    if not processes.wait_until(lambda: _is_free(host, port), seconds=PORT_SECONDS):
        raise CommandError(f"port {port} of {host} is taken by another program; choose one with HIVEMIND_PORT")


def _is_free(host: str, port: int) -> bool:
    family, kind, protocol, _, address = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return False
    return True
