"""A whole service as its users meet it: processes of its own, a port, and a client."""

import json
import os
import secrets
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hivemind.local import processes, supervisor
from hivemind.local.checkout import ROOT
from hivemind.local.paths import layout


@dataclass(frozen=True)
class Service:
    """A running service: where it answers, the operator's key, and its own command line."""

    url: str
    admin_key: str
    environment: dict[str, str]
    state_dir: Path

    def manage(self, *arguments: str) -> str:
        """Run a management command against the service's database."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def create_tenant(self, name: str) -> dict[str, Any]:
        """Make a tenant and return its id and key."""
        made: dict[str, Any] = json.loads(self.manage("create_tenant", name, "--json"))
        return made

    def whoami(self, key: str) -> str:
        """Return the tenant that the service sees in `key`."""
        request = urllib.request.Request(f"{self.url}/v1/whoami", headers={"Authorization": f"Bearer {key}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return str(json.load(answer)["tenant_id"])

    def hmctl(self, home: Path, *arguments: str, status: int = 0) -> str:
        """Run the client with `home` as its directory and expect `status`."""
        plain = {name: value for name, value in os.environ.items() if not name.startswith("HIVEMIND_")}
        done = subprocess.run(
            [sys.executable, "-m", "hmctl", *arguments],
            cwd=ROOT,
            env={**plain, "HIVEMIND_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, f"{done.stdout}\n{done.stderr}"
        return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/v1/healthz", timeout=5) as answer:
            return bool(json.load(answer)["status"] == "ok")
    except OSError:
        return False


@contextmanager
def running(state_dir: Path) -> Iterator[Service]:
    """Run web, worker and beat in `state_dir`, with the Postgres and Redis that run there or new ones."""
    port, admin_key = free_port(), secrets.token_urlsafe(24)
    environment = {**os.environ, "HIVEMIND_PORT": str(port), "HIVEMIND_ADMIN_KEY": admin_key}
    environment |= {"DJANGO_SETTINGS_MODULE": "hivemind.settings.base", "HIVEMIND_STATE_DIR": str(state_dir)}
    url, where = f"http://127.0.0.1:{port}", layout(state_dir)
    log = where.log_dir / "up.log"
    child = processes.start([sys.executable, "manage.py", "up"], log=log, cwd=ROOT, env=environment)
    try:
        processes.wait_until(lambda: healthy(url) or child.poll() is not None, seconds=90)
        assert healthy(url), processes.last_lines(log, count=40)
        yield Service(url, admin_key, environment, state_dir)
    finally:
        supervisor.stop(where, seconds=60)
        child.wait(timeout=10)


@pytest.fixture(scope="session")
def service(state_dir: Path) -> Iterator[Service]:
    """A service over this session's Postgres and Redis, stopped at the end of the session."""
    with running(state_dir) as started:
        yield started
