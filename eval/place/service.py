"""A whole service in a temporary directory, with everything that it needs, gone afterwards."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import httpx

from eval.errors import EvalError

CHECKOUT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 180.0
STOP_SECONDS = 60.0


class OwnService:
    """`manage.py up` on a free port. `model_url` is its model gateway's upstream, unless `settings` say otherwise."""

    def __init__(self, model_url: str, *, settings: Mapping[str, str] | None = None) -> None:
        self.state = Path(tempfile.mkdtemp(prefix="hivemind-eval-"))
        self.state.chmod(0o711)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("HIVEMIND_", "DJANGO_"))}
        kept = {name: os.environ[name] for name in ("HIVEMIND_DOCKER_HOST",) if name in os.environ}
        self.environment = (
            outside
            | kept
            | {
                "HIVEMIND_STATE_DIR": str(self.state),
                "HIVEMIND_PORT": str(port),
                "HIVEMIND_ADMIN_KEY": secrets.token_urlsafe(24),
                "HIVEMIND_LLM_API_KEY": "for-an-upstream-of-our-own",
                "HIVEMIND_LLM_BASE_URL": model_url,
                **(settings or {}),
            }
        )

    def tenant(self, name: str) -> str:
        """Make a tenant; its owner key."""
        return str(json.loads(self._manage("create_tenant", name, "--json"))["api_key"])

    def log(self) -> str:
        """The end of what the service said when it started."""
        return (self.state / "up.log").read_text(encoding="utf-8", errors="replace")[-2000:]

    def __enter__(self) -> "OwnService":
        with (self.state / "up.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "up"], cwd=CHECKOUT, env=self.environment, stdout=log, stderr=log
            )
        try:
            self._await_ready()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(STOP_SECONDS)
        shutil.rmtree(self.state, ignore_errors=True)

    def _manage(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=CHECKOUT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise EvalError(f"manage.py {words[0]}: {done.stderr.strip()[-400:]}")
        return done.stdout

    def _await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            if self._is_healthy() and self._manage("workers", "--count").strip() != "0":
                return
            time.sleep(0.3)
        raise EvalError(f"the service did not start:\n{self.log()}")

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/v1/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False
