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


def test_money_from_signup_to_prices(client: Path, service: Service, tmp_path: Path) -> None:
    def hmctl(*words: str) -> str:
        environment = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "HIVEMIND_ADMIN_KEY": service.admin_key}
        command = [str(client), "--dangerously-skip-attestations", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def operate(*words: str) -> str:
        return hmctl("admin", *words, "--service", service.origin)

    new = json.loads(hmctl("signup", "published", "--service", service.origin, "--json"))
    code = json.loads(
        operate("credit-codes", "create", "--credit", "3", "--expires-in", "7d", "--label", "x", "--json")
    )
    assert "3.00" in hmctl("redeem-credit", code["code"])
    assert "$3.000000" in hmctl("balance")
    assert json.loads(hmctl("balance", "--json"))["balance_micro_usd"] == 3_000_000
    listed = json.loads(operate("credit-codes", "list", "--json"))
    assert [row["redeemed_count"] for row in listed if row["code_id"] == code["code_id"]] == [1]
    operate("credit-codes", "revoke", code["code_id"])
    assert code["code_id"] not in operate("credit-codes", "list")
    granted = json.loads(operate("billing", "grant", new["tenant_id"], "0.25", "--note", "n", "--json"))
    assert granted["balance_micro_usd"] == 3_250_000
    assert "$3.250000" in operate("billing", "balance", new["tenant_id"])
    assert "published" in operate("billing", "accounts")
    assert operate("billing", "ledger", "--tenant-id", new["tenant_id"]).count("credit_grant") == 2
    price = ["--prompt-usd-per-million", "0.25", "--completion-usd-per-million", "2.00"]
    operate("billing", "set-price", "openrouter", "m/published", *price)
    assert "m/published" in operate("billing", "prices")
