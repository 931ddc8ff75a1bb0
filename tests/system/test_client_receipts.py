"""Our client against a whole service: what it keeps with an answer is checked without the service."""

import json
from pathlib import Path
from typing import Any

import pytest

from attestation import links
from tests.factories.service import Service
from tests.system.test_client_money import Hmctl, bob, priced

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
