"""`manage.py dev_guest_agent`: a stand-in for the guest agent of a real machine, for development."""

import os
import secrets
import signal
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from attestation.encoding import b64, unb64
from attestation.errors import EncodingError
from attestation.server import private_files
from attestation.server.services import sources
from attestation.server.services.claims import app_version
from attestation.server.standin.machine import DevelopmentMachine
from attestation.server.standin.server import StandInServer, answers
from hivemind.kit.conf import conf

SEED_FILE = "development-guest-agent.seed"
SEED_BYTES = 32


class Command(BaseCommand):
    """Runs until it is told to stop."""

    help = (
        "Answer the calls of a dstack guest agent on a socket, with development evidence: quotes in the real format "
        "under a root of this installation, which prove nothing about hardware."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the flags."""
        parser.add_argument("--socket", type=Path, help="where to listen; else where the service looks for it")
        parser.add_argument("--seed-file", type=Path, help="what its keys follow from; made when it is not there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Listen until SIGTERM or Ctrl-C."""
        os.umask(0o077)
        socket = options["socket"] or sources.development_socket()
        seed = _seed(options["seed_file"] or conf.state_dir / SEED_FILE)
        signal.signal(signal.SIGTERM, _stop)
        try:
            with StandInServer(socket, answers(DevelopmentMachine(seed, app_version()))) as server:
                self.stdout.write(f"development guest agent, proves nothing about hardware: {socket}")
                self.stdout.flush()
                server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            self.stdout.write("stopped")
        except OSError as error:
            raise CommandError(f"cannot listen on {socket}: {error.strerror or error}") from error


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _seed(path: Path) -> bytes:
    try:
        private_files.ensure(path, lambda: b64(secrets.token_bytes(SEED_BYTES)).encode("ascii"))
        seed = unb64(private_files.read(path).decode("ascii"))
    except (OSError, ValueError, EncodingError) as error:
        raise CommandError(f"the seed in {path} cannot be used; it is base64 in a file closed to others") from error
    if len(seed) != SEED_BYTES:
        raise CommandError(f"the seed in {path} has another length than {SEED_BYTES} bytes")
    return seed
