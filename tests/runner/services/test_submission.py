"""What an ask stores, and what it is refused for."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, connections

from agents.models import Agent
from billing.errors import BadPayer, NoPayer
from hivemind.kit import clock
from hivemind.kit.handoff import HandoffLost, NoWorker, WorkerIdentity
from hivemind.kit.models import AuditEvent, WorkerKey
from runner.errors import (
    AgentChanged,
    AgentNotInRoom,
    IdempotencyClash,
    MediatorFixed,
    QueryAgentRequired,
    RouteDisabled,
)
from runner.models import Run
from runner.services import runs
from runner.services.requests import RunRequest
from runner.terms import RunTerms
from tests.factories import rooms as room_factory
from tests.factories import runs as factory
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person


def submit(room: MadeRoom, **changed: object) -> Run:
    request = replace(RunRequest(query=factory.QUESTION), **changed)
    ask = runs.Ask(principal=room.owner.owner, room_id=room.room_id, headers={}, idempotency_key=None)
    return runs.submit(ask, request).run


def test_without_a_living_worker_nothing_is_stored(room: MadeRoom) -> None:
    with pytest.raises(NoWorker):
        factory.ask(room.owner.owner, room)
    assert Run.objects.count() == 0


def test_a_worker_that_stopped_beating_counts_as_dead(room: MadeRoom, worker: WorkerIdentity) -> None:
    WorkerKey.objects.update(heartbeat_at=clock.now() - timedelta(seconds=60))
    with pytest.raises(NoWorker):
        factory.ask(room.owner.owner, room)


def test_only_the_worker_it_was_sealed_to_opens_the_key(room: MadeRoom, worker: WorkerIdentity) -> None:
    run = factory.ask(room.owner.owner, room)
    assert set(worker.open(run.handoff, subject=run.id)) == {"room_key", "source_keys"}
    with pytest.raises(HandoffLost):
        factory.living_worker().open(run.handoff, subject=run.id)
    with pytest.raises(HandoffLost):
        worker.open(run.handoff, subject="0" * 12)


def test_no_column_of_any_table_holds_the_question_or_a_bearer(
    room: MadeRoom, worker: WorkerIdentity, bob: Person
) -> None:
    factory.ask(room.guest, room, payer=bob)
    canaries = ["canary-question-5d1f", room.invite, room.owner.api_key, bob.api_key]
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            dump = "\n".join(row[0] for row in cursor.fetchall())
            for canary in canaries:
                assert canary not in dump, table
                assert canary.encode().hex() not in dump, table


def test_terms_are_frozen_from_the_signed_manifest(room: MadeRoom, worker: WorkerIdentity) -> None:
    run = submit(room, max_tokens=10**12, timeout_seconds=10**6, max_llm_calls=10**6)
    terms = RunTerms.from_json(Run.objects.get(pk=run.pk).terms)
    assert terms.manifest_hash == room.row.manifest_hash
    assert (terms.max_tokens, terms.query.timeout_seconds, terms.query.max_llm_calls) == (100_000_000, 900, 100)
    assert [stage.name for stage in run.stages.all()] == ["scope", "query", "mediator"]
    assert AuditEvent.objects.filter(action="run.submit", subject=run.id).count() == 1


def test_a_guest_needs_a_payer_and_a_bad_one_is_not_taken(room: MadeRoom, worker: WorkerIdentity, bob: Person) -> None:
    with pytest.raises(NoPayer):
        factory.ask(room.guest, room)
    with pytest.raises(BadPayer):
        factory.ask(room.guest, room, payer=replace(bob, api_key="hmk_" + "x" * 43))
    with pytest.raises(BadPayer):
        factory.ask(room.guest, room, payer=replace(bob, api_key=room.invite))
    run = factory.ask(room.guest, room, payer=bob)
    assert (run.payer_tenant_id, run.issuer_role) == (bob.tenant.id, "query")


def test_an_agent_that_changed_after_signing_does_not_run(room: MadeRoom, worker: WorkerIdentity) -> None:
    Agent.objects.filter(agent_type="query").update(source_sha256="0" * 64)
    with pytest.raises(AgentChanged):
        factory.ask(room.owner.owner, room)


def test_another_mediator_than_the_signed_one_is_refused(room: MadeRoom, worker: WorkerIdentity) -> None:
    with pytest.raises(MediatorFixed):
        submit(room, mediator_agent_id="0" * 12)


def test_a_model_without_a_key_counts_as_disabled(alice: Person, worker: WorkerIdentity) -> None:
    with pytest.raises(RouteDisabled):
        submit(factory.room_with_agents(alice, llm_providers=("openrouter",)))


def test_a_guest_of_an_uploadable_room_runs_only_what_it_brought(
    alice: Person, bob: Person, worker: WorkerIdentity
) -> None:
    room = room_factory.room(alice, llm_providers=())
    guest = room.guest
    ask = runs.Ask(
        principal=guest, room_id=room.room_id, headers={"X-Hivemind-Api-Key": bob.api_key}, idempotency_key=None
    )
    with pytest.raises(QueryAgentRequired):
        runs.submit(ask, RunRequest(query="x"))
    owners = room_factory.agent(alice, "query")
    anothers = room_factory.agent(alice, "query", room_id=room.room_id, sealed=True)
    Agent.objects.filter(pk=anothers.pk).update(uploader_token_id="another guest"[:12])
    for agent in (owners, anothers, room_factory.agent(alice, "scope", room_id=room.room_id)):
        with pytest.raises(AgentNotInRoom):
            runs.submit(ask, RunRequest(query="x", query_agent_id=agent.pk))


def test_a_replay_answers_with_the_same_run_and_a_clash_is_refused(
    room: MadeRoom, worker: WorkerIdentity, bob: Person
) -> None:
    key = "ab" * 8
    first = factory.ask(room.owner.owner, room, key=key)
    ask = runs.Ask(principal=room.owner.owner, room_id=room.room_id, headers={}, idempotency_key=key)
    again = runs.submit(ask, RunRequest(query=factory.QUESTION))
    assert (again.run.id, again.replayed) == (first.id, True)
    with pytest.raises(IdempotencyClash):
        runs.submit(ask, RunRequest(query="another question"))
    with pytest.raises(IdempotencyClash):
        factory.ask(room.guest, room, payer=bob, key=key)
    with pytest.raises(IdempotencyClash):
        factory.ask(room.owner.owner, factory.room_with_agents(room.owner), key=key)


@pytest.mark.django_db(transaction=True)
def test_racing_asks_with_one_key_make_one_run() -> None:
    from tests.factories import tenants

    room = factory.room_with_agents(tenants.with_database(tenants.alice()))
    factory.living_worker()
    start, seen, errors = threading.Barrier(6), [], []

    def race() -> None:
        try:
            start.wait()
            seen.append(factory.ask(room.owner.owner, room, key="cd" * 8).id)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=race) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert set(seen) == {"cd" * 8}
    assert Run.objects.count() == 1
