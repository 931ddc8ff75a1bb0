"""The run routes: who sees what, and what is refused with which status."""

import json

import pytest
from django.test import Client

from hivemind.kit.handoff import WorkerIdentity
from rooms.services import opening
from runner.models import Run
from runner.services import finish
from runner.services.finish import Facts
from tests.factories import runs as factory
from tests.factories.rooms import MadeRoom, post
from tests.factories.tenants import Person, client

ANSWER = "canary-answer-77aa"


def answered(room: MadeRoom, payer: Person | None, principal: object = None) -> Run:
    run = factory.ask(principal or room.guest, room, payer=payer)  # type: ignore[arg-type]
    Run.objects.filter(pk=run.pk).update(status="running", fence=1)
    row = Run.objects.get(pk=run.pk)
    finish.end(row, finish.completed(ANSWER, Facts()), room_key=opening.open_room_key(room.owner.owner, room.row))
    return Run.objects.get(pk=run.pk)


def read(by: Client, run: Run, **headers: str) -> dict[str, object]:
    response = by.get(f"/v1/runs/{run.pk}", headers=headers)
    assert response.status_code == 200, response.content
    return dict(response.json())


def test_the_guest_reads_its_answer_and_the_owner_of_a_querier_only_room_does_not(
    room: MadeRoom, worker: WorkerIdentity, bob: Person
) -> None:
    run = answered(room, bob)
    assert read(room.bob, run)["output"] == ANSWER
    body = read(room.owner.client, run)
    assert (body["output"], body["error"], body["artifacts"], body["payload_redacted"]) == (None, None, [], True)
    assert ANSWER not in json.dumps(body)
    assert body["attestation"]


def test_the_owner_reads_a_guests_answer_where_the_room_says_so(
    alice: Person, worker: WorkerIdentity, bob: Person
) -> None:
    room = factory.room_with_agents(alice, output_visibility="owner_and_querier")
    assert read(alice.client, answered(room, bob))["output"] == ANSWER


def test_the_owner_reads_the_answers_to_its_own_questions(room: MadeRoom, worker: WorkerIdentity) -> None:
    run = answered(room, None, room.owner.owner)
    assert read(room.owner.client, run)["output"] == ANSWER


def test_a_share_holder_sees_what_its_payer_paid_for_and_nothing_else(
    room: MadeRoom, worker: WorkerIdentity, bob: Person, carol: Person
) -> None:
    holder = client(room.share())
    ask = post(Client(headers=holder.defaults | {}), f"{room.url}/runs", {"query": "x"})
    assert ask.status_code == 401
    paid = holder.post(
        f"{room.url}/runs",
        json.dumps({"query": "x"}),
        content_type="application/json",
        headers={"X-Hivemind-Api-Key": bob.api_key},
    )
    assert paid.status_code == 200, paid.content
    run = Run.objects.get(pk=paid.json()["run_id"])
    assert read(holder, run, **{"X-Hivemind-Api-Key": bob.api_key})["status"] == "pending"
    assert holder.get(f"/v1/runs/{run.pk}", headers={"X-Hivemind-Api-Key": carol.api_key}).status_code == 404
    assert holder.get(f"/v1/runs/{run.pk}").status_code == 404
    assert holder.get("/v1/runs").json() == []
    guests = answered(room, bob)
    seen = holder.get("/v1/runs", headers={"X-Hivemind-Api-Key": bob.api_key}).json()
    assert [row["run_id"] for row in seen] == [run.pk]
    assert guests.pk != run.pk


def test_strangers_learn_nothing(room: MadeRoom, worker: WorkerIdentity, bob: Person, carol: Person) -> None:
    run = answered(room, bob)
    other = factory.room_with_agents(room.owner)
    for stranger in (carol.client, bob.client, other.bob):
        for path in (f"/v1/runs/{run.pk}", f"/v1/runs/{run.pk}/artifacts/report.md"):
            assert stranger.get(path).status_code == 404
        assert stranger.delete(f"/v1/runs/{run.pk}").status_code == 404
    assert Client().get(f"/v1/runs/{run.pk}").status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"query": "  "}, 422),
        ({"query": "a\u0000b"}, 422),
        ({}, 422),
        ({"query": "x", "policy": "mine"}, 422),
        ({"query": "x", "max_tokens": 0}, 422),
        ({"query": "x", "client_nonce": "zz"}, 422),
        ({"query": "x", "provider": "openrouter"}, 400),
        ({"query": "x", "mediator_agent_id": "ffffffffffff"}, 400),
        ({"query": ["x"]}, 422),
    ],
)
def test_a_bad_ask_is_refused(room: MadeRoom, worker: WorkerIdentity, body: object, status: int) -> None:
    response = post(room.owner.client, f"{room.url}/runs", body)
    assert response.status_code == status, response.content
    assert Run.objects.count() == 0


def test_a_guest_without_a_payer_is_told_which_header_to_send(room: MadeRoom, worker: WorkerIdentity) -> None:
    response = post(room.bob, f"{room.url}/runs", {"query": "x"})
    assert response.status_code == 402
    assert "X-Hivemind-Api-Key" in response.json()["detail"]
    assert "tenant API key" in response.json()["detail"]


@pytest.mark.parametrize("key", ["short", "z" * 12, "a" * 65])
def test_a_malformed_idempotency_key_is_refused(room: MadeRoom, worker: WorkerIdentity, key: str) -> None:
    response = room.owner.client.post(
        f"{room.url}/runs",
        json.dumps({"query": "x"}),
        content_type="application/json",
        headers={"X-Hivemind-Idempotency-Key": key},
    )
    assert response.status_code == 400


def test_without_a_worker_the_answer_is_to_come_back(room: MadeRoom) -> None:
    response = post(room.owner.client, f"{room.url}/runs", {"query": "x"})
    assert (response.status_code, response.json()["code"]) == (503, "no_worker")


def test_runs_are_paged_and_every_limit_is_taken(room: MadeRoom, worker: WorkerIdentity) -> None:
    made = [factory.ask(room.owner.owner, room).pk for _ in range(5)]
    by = room.owner.client
    first = by.get("/v1/runs?limit=2")
    second = by.get(f"/v1/runs?limit=-7&cursor={first.headers['X-Next-Cursor']}")
    assert [row["run_id"] for row in first.json()] == made[:2:-1]
    assert [row["run_id"] for row in second.json()] == [made[2]]
    assert by.get("/v1/runs?cursor=nonsense").status_code == 400


def test_only_the_owner_filters_by_guest(room: MadeRoom, worker: WorkerIdentity, bob: Person) -> None:
    mine = factory.ask(room.guest, room, payer=bob)
    factory.ask(room.owner.owner, room)
    found = room.owner.client.get(f"/v1/runs?token_id={room.guest.token_id[:8]}").json()
    assert [row["run_id"] for row in found] == [mine.pk]
    assert room.bob.get(f"/v1/runs?token_id={room.guest.token_id}").status_code == 403


def test_a_guest_cancels_its_own_run_once(room: MadeRoom, worker: WorkerIdentity, bob: Person) -> None:
    run = factory.ask(room.guest, room, payer=bob)
    body = room.bob.delete(f"/v1/runs/{run.pk}").json()
    assert (body["status"], body["outcome"]) == ("failed", "cancelled")
    assert room.bob.delete(f"/v1/runs/{run.pk}").status_code == 409


def test_reading_takes_few_queries(
    room: MadeRoom, worker: WorkerIdentity, bob: Person, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    run = answered(room, bob)
    for _ in range(10):
        answered(room, bob)
    with django_assert_max_num_queries(6):
        read(room.bob, run)
    with django_assert_max_num_queries(8):
        assert len(room.bob.get("/v1/runs").json()) == 11
