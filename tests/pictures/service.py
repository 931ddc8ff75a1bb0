"""A service in a throw-away state directory: Postgres, Redis and web processes, without a worker."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from hivemind.local import testing

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 60


@contextlib.contextmanager
def databases() -> Iterator[None]:
    """Postgres and Redis of this process, and Django set up on them with every table there."""
    state = testing.isolate_environment()
    os.environ["DJANGO_SETTINGS_MODULE"] = "hivemind.settings.base"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the browser drives a loop of its own in this thread
    os.environ["HIVEMIND_SELF_SERVE_SIGNUP_ENABLED"] = "true"
    with testing.services(state):
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        yield


@contextlib.contextmanager
def web(port: int) -> Iterator[str]:
    """Serve what is in the databases; the address."""
    address = f"127.0.0.1:{port}"
    command = [sys.executable, "-m", "gunicorn", "hivemind.wsgi:application", "--bind", address, "--threads", "4"]
    # Only here: the month before is told with the clock set back, at which no quote is valid.
    environment = {**os.environ, "HIVEMIND_EVIDENCE": "development"}
    process = subprocess.Popen(
        [*command, "--worker-class", "gthread", "--log-level", "warning"], cwd=ROOT, env=environment
    )
    try:
        _await(f"http://{address}/v1/healthz")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait(30)


def _await(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url).status_code == 200:
                return
        time.sleep(0.2)
    raise RuntimeError(f"nothing answers at {url}")
