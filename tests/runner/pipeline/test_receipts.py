"""A real run's receipt is checked by another program, without the service and without a connection."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from runner.services import execute
from tests.attestation.test_receipt_command import NO_NETWORK
from tests.factories import packages
from tests.factories.platform import Platform
from tests.factories.rooms import MadeRoom

pytestmark = pytest.mark.docker
QUESTION = "SELECT id, amount FROM sales ORDER BY id"


def checked(folder: Path, receipt: bytes, *options: str) -> subprocess.CompletedProcess[str]:
    path = folder / "receipt.json"
    path.write_bytes(receipt)
    arguments = ["receipt", "verify", str(path), "--accept-development", "--json", *options]
    command = [sys.executable, "-c", NO_NETWORK, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env={"PATH": ""})


def receipt_of(room: MadeRoom, run_id: str) -> bytes:
    answer = room.bob.get(f"/v1/runs/{run_id}/receipt")
    assert answer.status_code == 200, answer.content
    return bytes(answer.content)


def test_the_receipt_of_an_answer_is_verified_offline(platform: Platform, tmp_path: Path) -> None:
    room = platform.room(scope=packages.FIRST_ROW_ONLY)
    body = platform.ask(room, QUESTION, client_nonce="ab" * 32)
    assert body["status"] == "completed", body["error"]
    (tmp_path / "answer").write_text(body["output"])
    (tmp_path / "prompt").write_text(QUESTION)
    (tmp_path / "none").mkdir()
    known = ["--run", body["run_id"], "--nonce", "ab" * 32, "--owner-key", room.row.owner_pubkey_b64]
    files = ["--answer", str(tmp_path / "answer"), "--prompt", str(tmp_path / "prompt")]
    receipt = receipt_of(room, body["run_id"])
    done = checked(tmp_path, receipt, *known, *files, "--artifacts", str(tmp_path / "none"))
    assert (done.returncode, done.stderr.strip()) == (0, "[]"), done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert [c["name"] for c in told["checks"] if c["outcome"] != "verified"] == ["run signer", "room trust"]
    stages = told["body"]["stages"]
    assert [stage["name"] for stage in stages] == ["scope", "query", "mediator"]
    assert all(stage["started_at_ms"] < stage["ended_at_ms"] for stage in stages)
    assert all(agent["image_id"].startswith("sha256:") for agent in told["body"]["agents"])
    (tmp_path / "answer").write_text(body["output"].replace("10.50", "10.51"))
    assert checked(tmp_path, receipt, *known, *files).returncode == 1


def test_failed_and_cancelled_runs_have_receipts_that_verify(platform: Platform, tmp_path: Path) -> None:
    room = platform.room(query="import sys; sys.exit(2)")
    failed = platform.ask(room, QUESTION)
    waiting = platform.submit(room, QUESTION)
    assert room.bob.delete(f"/v1/runs/{waiting}").status_code == 200
    execute.run(waiting)
    for run_id, outcome in ((failed["run_id"], "query_agent_failed"), (waiting, "cancelled")):
        done = checked(tmp_path, receipt_of(room, run_id), "--run", run_id)
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads(done.stdout)["body"]["outcome"] == outcome
