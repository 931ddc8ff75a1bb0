"""GET /v1/runs/{run_id}/receipt: who gets one, and that nothing of the answer is in it."""

import json
from typing import Any

import pytest
from django.test import Client

from attestation.evidence.roots import IntelRoot
from attestation.receipt import ReceiptExpectation, verify_receipt
from attestation.receipts.document import parse_receipt
from hivemind.kit.handoff import WorkerIdentity
from rooms.selectors import rooms as selectors
from rooms.services import opening
from runner.models import Run
from runner.services import finish, runs
from runner.services.finish import Facts
from tests.attestation.paid import POLICY
from tests.factories import runs as factory
from tests.factories import tenants as cast
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person

ANSWER = "canary-answer-77aa"


@pytest.fixture
def run(room: MadeRoom, worker: WorkerIdentity, bob: Person) -> Run:
    """Bob's answered question in a room that hides answers from its owner."""
    asked = factory.ask(room.guest, room, payer=bob)
    Run.objects.filter(pk=asked.pk).update(status="running", fence=1)
    row = Run.objects.get(pk=asked.pk)
    built = {agent.role: agent.image_id for agent in selectors.verify(room.row).terms.agents}
    key = opening.open_room_key(room.owner.owner, room.row)
    finish.end(row, finish.completed(ANSWER, Facts(image_ids=built)), room_key=key)
    return Run.objects.get(pk=asked.pk)


def fetched(by: Client, run: Run, **headers: str) -> Any:
    return by.get(f"/v1/runs/{run.pk}/receipt", headers=headers)


def verified(document: Any, **known: Any) -> Any:
    expect = ReceiptExpectation(accept_development=True, **known)
    return verify_receipt(document, expect=expect, at=0, roots=IntelRoot(), policy=POLICY)


def test_who_asked_gets_a_receipt_that_verifies(run: Run, room: MadeRoom) -> None:
    answer = fetched(room.bob, run)
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="receipt-{run.pk}.json"'
    assert "no-store" in answer["Cache-Control"]
    owner = room.row.owner_pubkey_b64
    assert (answer["Content-Type"], parse_receipt(answer.content)) == ("application/json", answer.json())
    verdict = verified(answer.json(), answer=ANSWER, prompt=factory.QUESTION, owner_pubkey_b64=owner, run_id=run.pk)
    assert set(verdict.not_checked) == {"run signer", "room trust", "client nonce", "artifacts"}


def test_the_owner_of_a_room_that_hides_answers_gets_digests_only(run: Run, room: MadeRoom) -> None:
    answer = fetched(room.owner.client, run)
    assert answer.status_code == 200
    told = answer.content.decode()
    assert ANSWER not in told
    assert factory.QUESTION not in told
    assert answer.json() == fetched(room.bob, run).json()


def test_nobody_else_gets_it(run: Run, room: MadeRoom, carol: Person, bob: Person) -> None:
    assert fetched(carol.client, run).status_code == 404
    assert fetched(Client(), run).status_code == 401
    assert fetched(cast.client(room.share()), run, **{"X-Hivemind-Api-Key": bob.api_key}).status_code == 404
    assert room.bob.get("/v1/runs/0123456789ab/receipt").status_code == 404


def test_a_share_holder_gets_what_its_payer_paid_for(
    room: MadeRoom, worker: WorkerIdentity, bob: Person, carol: Person
) -> None:
    holder = cast.client(room.share())
    holder.defaults["HTTP_X_HIVEMIND_API_KEY"] = bob.api_key
    asked = post(holder, f"{room.url}/runs", {"query": "x"}).json()["run_id"]
    finish.end_unclaimed(asked)
    assert verified(holder.get(f"/v1/runs/{asked}/receipt").json()).body["outcome"] == "cancelled"
    holder.defaults["HTTP_X_HIVEMIND_API_KEY"] = carol.api_key
    assert holder.get(f"/v1/runs/{asked}/receipt").status_code == 404


def test_there_is_none_before_the_end(room: MadeRoom, worker: WorkerIdentity, bob: Person) -> None:
    asked = factory.ask(room.guest, room, payer=bob)
    answer = fetched(room.bob, asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "run_not_over")
    runs.cancel(asked, principal=room.guest)
    body = verified(fetched(room.bob, asked).json(), answer="", prompt=factory.QUESTION).body
    assert (body["status"], body["outcome"]) == ("failed", "cancelled")


def test_a_run_too_damaged_to_be_signed_has_none(run: Run, room: MadeRoom) -> None:
    Run.objects.filter(pk=run.pk).update(status="failed", receipt="")
    answer = fetched(room.bob, run)
    assert (answer.status_code, answer.json()["code"]) == (404, "receipt_missing")


def test_what_the_document_says_is_what_was_signed(run: Run, room: MadeRoom) -> None:
    assert fetched(room.bob, run).json()["record"] == json.loads(run.receipt)
