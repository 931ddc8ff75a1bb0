"""Our client against a whole service: what it keeps with an answer is checked without the service."""

import json
from pathlib import Path
from typing import Any

import pytest

from attestation import links
from attestation.digests import text_hash
from attestation.manifests.run_record import evidence_hash
from tests.factories.service import Service
from tests.system.asker import Hmctl, bob, priced

__all__ = ["bob", "priced"]
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.mark.parametrize("kind", ["link", "share"])
def test_a_paid_answer_is_kept_with_its_receipt(
    bob: Hmctl,
    service: Service,
    priced: dict[str, Any],
    tmp_path: Path,
    kind: str,
) -> None:
    service.await_worker()
    room = priced[kind]
    bob("room", "accept", room)
    receipt, answer = str(tmp_path / "receipt.json"), str(tmp_path / "answer.txt")
    bob("room", "ask", room, "Q", "--output", answer, "--receipt", receipt)

    owner = links.parse_link(room).owner_pubkey_b64
    known = ("--accept-development", "--answer", answer, "--owner-key", owner)
    told = json.loads(bob("receipt", "verify", receipt, *known, "--json"))
    assert (told["verdict"], told["asked_from_here"]) == ("verified", True)
    assert (told["body"]["hold_micro_usd"], told["body"]["billing_status"]) == (3_500_000, "settled")
    assert "could not" not in bob("receipt", "verify", receipt, *known)
    bob("receipt", "verify", receipt, code=2)
    Path(answer).write_text("another answer")
    bob("receipt", "verify", receipt, *known, code=1)

    run_id = told["body"]["run_id"]
    if kind == "link":
        bob("receipt", "get", run_id, "--link", room, "-o", str(tmp_path / "again.json"))
        assert json.loads((tmp_path / "again.json").read_text()) == json.loads(Path(receipt).read_text())


def test_a_receipt_names_all_that_the_run_used(
    bob: Hmctl, service: Service, priced: dict[str, Any], tmp_path: Path
) -> None:
    service.await_worker()
    bob("room", "accept", priced["link"])
    path = tmp_path / "receipt.json"
    bob("room", "ask", priced["link"], "Q", "--receipt", str(path))
    receipt = json.loads(path.read_text())
    body, manifest = receipt["record"]["body"], priced["room"]["manifest"]

    (noted,) = (
        json.loads(note.read_text()) for note in (tmp_path / "hive").glob("*/*.json") if body["run_id"] in note.name
    )
    assert (noted["client_nonce"], noted["prompt_hash"]) == (body["client_nonce"], body["prompt_hash"])
    assert body["prompt_hash"] == text_hash("Q")
    signed = {agent["role"]: agent for agent in manifest["agents"]}
    assert {agent["role"]: agent["source_sha256"] for agent in body["agents"]} == {
        role: agent["source_sha256"] for role, agent in signed.items()
    }
    assert all(agent["image_id"].startswith("sha256:") for agent in body["agents"])
    assert (body["mediator_agent_id"], body["mediator_files_digest"]) == (
        signed["mediator"]["agent_id"],
        signed["mediator"]["files_sha256"],
    )
    assert set(body["models"]) == {"scope", "query", "mediator"} and body["provider"] == "openrouter"
    assert body["container_runtime"] and isinstance(body["guard_verdicts"], dict)
    assert body["artifacts"] == [] and body["cost_micro_usd"] == 0
    assert evidence_hash(receipt["evidence"]) == body["evidence_sha256"]
    assert receipt["room_envelope"] == priced["room"]["envelope"]


def test_failed_and_stopped_runs_have_receipts_too(bob: Hmctl, service: Service, tmp_path: Path) -> None:
    room = service.room("failing", query="import sys\nsys.exit(3)\n")
    ended = {"query_agent_failed": service.submit(room), "cancelled": service.submit(room)}
    service.http.delete(f"/runs/{ended['cancelled']}")
    for outcome, run_id in ended.items():
        service.await_run(run_id)
        receipt = service.http.get(f"/runs/{run_id}/receipt")
        path = tmp_path / f"{outcome}.json"
        path.write_bytes(receipt.content)
        told = json.loads(bob("receipt", "verify", str(path), "--accept-development", "--json"))
        body = told["body"]
        assert (body["status"], body["outcome"]) == ("failed", outcome)
        assert body["error_hash"] and body["output_hash"] == text_hash("")
        assert {agent["role"] for agent in body["agents"]} == {"scope", "query", "mediator"}
