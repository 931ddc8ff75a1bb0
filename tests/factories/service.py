"""A whole service of its own: for end-to-end tests and for measurements."""

import contextlib
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
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from tests.factories import packages

ROOT = Path(__file__).resolve().parent.parent.parent
TRIVIAL = {
    "scope": packages.TRIVIAL_SCOPE,
    "query": packages.TRIVIAL_QUERY,
    "mediator": packages.TRIVIAL_MEDIATOR,
}


class Service:
    """`manage.py up` in a temporary directory, a tenant, and verbs to use it with."""

    def __init__(self) -> None:
        self.state = Path(tempfile.mkdtemp(prefix="hivemind-e2e-"))
        self.state.chmod(0o711)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.admin_key = secrets.token_urlsafe(24)
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("HIVEMIND_", "DJANGO_"))} | {
            "HIVEMIND_STATE_DIR": str(self.state),
            "HIVEMIND_PORT": str(self.port),
            "HIVEMIND_ADMIN_KEY": self.admin_key,
            "HIVEMIND_SELF_SERVE_SIGNUP_ENABLED": "true",
            "HIVEMIND_LLM_API_KEY": "for-an-upstream-that-nobody-reaches",
            "HIVEMIND_LLM_BASE_URL": "http://127.0.0.1:9/v1",
        }
        self.origin = f"http://127.0.0.1:{self.port}"
        self.base = f"{self.origin}/v1"
        self.rooms: dict[str, str] = {}

    def start(self) -> None:
        """Run `manage.py up` and wait until it answers."""
        log = (self.state / "up.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
        )
        try:
            self._await()
        except BaseException:
            self._stop()
            raise

    def tenant(self, name: str) -> str:
        """Make a tenant; its owner key."""
        return str(json.loads(self.manage("create_tenant", name, "--json"))["api_key"])

    def __enter__(self) -> "Service":
        self.start()
        self.key = self.tenant("owner")
        self.http = httpx.Client(base_url=self.base, headers={"Authorization": f"Bearer {self.key}"}, timeout=120)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()
        shutil.rmtree(self.state, ignore_errors=True)

    def _stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def manage(self, *words: str) -> str:
        """Run a management command and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def await_worker(self) -> None:
        """Wait until a worker lives that was started by the processes of now."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.manage("workers", "--count").strip() != "0":
                return
            time.sleep(0.5)
        raise AssertionError(f"no worker came up; see {self.state}/log")

    def processes(self, word: str) -> list[int]:
        """Process ids of this service whose command line has `word`."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    mine = str(self.state).encode() in (entry / "environ").read_bytes()
                    if mine and word.encode() in (entry / "cmdline").read_bytes():
                        found.append(int(entry.name))
        return found

    def kill(self, word: str) -> int:
        """SIGKILL the processes of this service whose command line has `word`; how many there were."""
        found = self.processes(word)
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(found)

    def _await(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if httpx.get(f"{self.base}/healthz").status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.2)
        raise RuntimeError(f"the service did not start; see {self.state}/up.log")

    def post(self, path: str, **body: Any) -> Any:
        """POST JSON; the parsed answer."""
        answer = self.http.post(path, json=body)
        answer.raise_for_status()
        return answer.json()

    def agent(self, kind: str, source: str) -> str:
        """Upload an agent, wait for its image; its id."""
        dockerfile = packages.SHELL_DOCKERFILE if source in TRIVIAL.values() else packages.DOCKERFILE
        files = {"archive": ("a.tar.gz", packages.package(source, dockerfile=dockerfile))}
        self.await_worker()
        answer = self.http.post("/room-agents", data={"name": kind, "agent_type": kind}, files=files)
        answer.raise_for_status()
        assert self.await_run(answer.json()["run_id"])["status"] == "completed"
        return str(answer.json()["agent_id"])

    def room(self, name: str, *, tables: list[str] | None = None, **sources: str) -> str:
        """A room with trivial agents except for those given; its id. Made once per name."""
        if name not in self.rooms:
            ids = {kind: self.agent(kind, source) for kind, source in (TRIVIAL | sources).items()}
            made = self.post(
                "/rooms",
                name=name,
                scope_agent_id=ids["scope"],
                query_agent_id=ids["query"],
                query_mode="fixed",
                mediator_agent_id=ids["mediator"],
                allowed_tables=tables or [],
                egress={"llm_providers": [], "allow_artifacts": False},
                output_visibility="owner_and_querier",
            )
            self.rooms[name] = made["room_id"]
        return self.rooms[name]

    def submit(self, room: str, question: str = "?") -> str:
        """Ask; the run's id."""
        return str(self.post(f"/rooms/{room}/runs", query=question)["run_id"])

    def await_run(self, run_id: str, every: float = 0.05) -> dict[str, Any]:
        """Poll until the run has ended."""
        while True:
            body = dict(self.http.get(f"/runs/{run_id}").json())
            if body["status"] in ("completed", "failed"):
                return body
            time.sleep(every)

    def ask(self, room: str, question: str = "?") -> dict[str, Any]:
        """Ask and wait."""
        body = self.await_run(self.submit(room, question))
        assert body["status"] == "completed", body["error"]
        return body
