"""A room that names builds is run by those and by no other: when it is asked, and again when a worker takes the run."""

import pytest

from attestation.errors import ComposeNotAllowed, LiveComposeUnknown
from attestation.server import signer
from hivemind.kit import worker as worker_module
from hivemind.kit.handoff import WorkerIdentity
from runner.models import Run
from runner.services import execute
from tests.factories import runs as factory
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

ALLOWED, OTHER = "a1" * 32, "b2" * 32


@pytest.fixture(params=["pinned", "owner_approved"])
def room(request: pytest.FixtureRequest, alice: Person) -> MadeRoom:
    """A room of Alice's that accepts one build."""
    return factory.room_with_agents(alice, trust_mode=request.param, allowed_composes=(ALLOWED,))


def _runs(monkeypatch: pytest.MonkeyPatch, build: str) -> None:
    monkeypatch.setattr(signer, "compose_hash", lambda: build)


@pytest.mark.parametrize(("build", "error"), [(OTHER, ComposeNotAllowed), ("", LiveComposeUnknown)])
def test_another_build_or_an_unproven_one_takes_no_question(
    build: str,
    error: type[Exception],
    room: MadeRoom,
    worker: WorkerIdentity,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _runs(monkeypatch, build)
    with pytest.raises(error):
        factory.ask(room.guest, room, payer=room.owner)
    assert not Run.objects.exists()


def test_the_allowed_build_takes_it(room: MadeRoom, worker: WorkerIdentity, monkeypatch: pytest.MonkeyPatch) -> None:
    _runs(monkeypatch, ALLOWED.upper())
    assert factory.ask(room.owner.owner, room).status == "pending"


def test_a_room_that_follows_its_operator_is_run_by_any(alice: Person, worker: WorkerIdentity) -> None:
    room = factory.room_with_agents(alice)
    assert factory.ask(alice.owner, room).status == "pending"


def test_a_worker_of_another_build_carries_out_nothing(
    room: MadeRoom, worker: WorkerIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    _runs(monkeypatch, ALLOWED)
    run = factory.ask(room.owner.owner, room)
    _runs(monkeypatch, OTHER)
    monkeypatch.setattr(worker_module, "identity", lambda: worker)

    execute.run(run.pk)

    run.refresh_from_db()
    assert (run.status, run.failure_code) == ("failed", "platform_error")
    assert "not one that this room allows" in run.error
    assert run.receipt
