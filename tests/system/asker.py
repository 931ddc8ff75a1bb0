"""Somebody who asks and pays: the client of a tenant with credit, and a room that costs something."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.factories.service import ROOT, TRIVIAL, Service

Hmctl = Callable[..., str]


@pytest.fixture(scope="module")
def priced(service: Service) -> dict[str, Any]:
    """A room in which a model may be called, with its invite and its share link."""
    agents = {f"{kind}_agent_id": service.agent(kind, source) for kind, source in TRIVIAL.items()}
    egress = {"llm_providers": ["openrouter"], "allow_artifacts": False}
    room = dict(service.post("/rooms", name="priced", query_mode="fixed", egress=egress, **agents))
    return room | {"share": service.post(f"/rooms/{room['room_id']}/share-link")["link"]}


@pytest.fixture
def bob(service: Service, tmp_path: Path) -> Hmctl:
    """The client of a tenant that has ten dollars."""

    def hmctl(*words: str, code: int = 0, text: str = "") -> str:
        home = {"HIVEMIND_HOME": str(tmp_path / "hive"), "HOME": str(tmp_path), "PATH": os.environ["PATH"]}
        done = subprocess.run(
            [sys.executable, "-m", "hmctl", *words],
            cwd=ROOT,
            env=home | {"HIVEMIND_ADMIN_KEY": service.admin_key},
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if words[-1] == "--json" else done.stdout + done.stderr

    at, key_file = ("--service", service.origin), str(tmp_path / "key")
    hmctl("admin", "tenants", "create", "bob", "--allow-duplicate-name", "--key-file", key_file, *at)
    hmctl("--profile", "bob", "init", *at, "--api-key-file", key_file)
    minted = json.loads(hmctl("admin", "credit-codes", "create", "--credit", "10", "--json"))
    assert "Balance: $10.000000" in hmctl("redeem-credit", "-", text=minted["code"] + "\n")
    return hmctl
