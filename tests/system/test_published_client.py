"""The client that is published today works against this service, from init to the answer."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import packages
from tests.factories.service import Service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
VERSION = "0.3.6"
READ_VAULT = packages.CALL + 'print("the vault says: " + tool("get_room_vault_items"))'


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published client in a virtual environment of its own."""
    home = tmp_path_factory.mktemp("published")
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    subprocess.run([str(home / "bin/pip"), "install", "-q", "--no-compile", f"hmctl=={VERSION}"], check=True)
    return home / "bin/hmctl"


def test_a_room_over_a_document_from_init_to_answer(client: Path, service: Service, tmp_path: Path) -> None:
    def hmctl(*words: str) -> str:
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        command = [str(client), "--dangerously-skip-attestations", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    for kind, source in (("scope", packages.ALLOW_ALL), ("query", READ_VAULT), ("mediator", packages.ECHO_RAW)):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "Dockerfile").write_bytes(packages.DOCKERFILE)
        (tmp_path / kind / "agent.py").write_text(source)
    service.await_worker()
    hmctl("init", "--service", service.origin, "--api-key", service.key)
    agents = ["--query-agent", str(tmp_path / "query"), "--mediator-agent", str(tmp_path / "mediator")]
    made = json.loads(
        hmctl("room", "create", str(tmp_path / "scope"), *agents, "--rules", "be kind", "--no-llm", "--json")
    )
    hmctl("room", "add-data", made["room_id"], "The launch code is 42", "--meta", "source=note")
    assert "The launch code is 42" in hmctl("room", "data", made["room_id"], "--show-text")
    assert "verified" in hmctl("room", "inspect", made["link"])
    assert "Accepted" in hmctl("room", "accept", made["link"])
    answer = json.loads(hmctl("room", "ask", made["link"], "What does the note say?", "--json"))
    assert answer["status"] == "completed"
    assert answer["attestation_ok"] is True
    assert "the vault says" in answer["output"]
    assert "The launch code is 42" in answer["output"]
    assert made["room_id"] in hmctl("room", "list")
