"""Alice's room with files allowed, Bob who asks and pays, and a run that a worker has claimed."""

from collections.abc import Callable

import pytest

from hivemind.kit.handoff import WorkerIdentity
from rooms.services import opening
from runner.artifacts.rules import ArtifactLimits
from runner.models import Run
from runner.services import finish
from runner.services.artifact_rows import Place
from runner.stages.desk import RunDesk
from tests.factories import runs as factory
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person
from tests.runner.cast import *  # noqa: F403


@pytest.fixture
def room(alice: Person) -> MadeRoom:
    """A room whose owner may not read guests' answers, and whose runs may leave files."""
    return factory.room_with_agents(alice, mediator_agent_id="", allow_artifacts=True)


@pytest.fixture
def run(room: MadeRoom, bob: Person, worker: WorkerIdentity) -> Run:
    """Bob's run, in a worker's hands."""
    asked = factory.ask(room.guest, room, payer=bob)
    Run.objects.filter(pk=asked.pk).update(status="running", fence=1)
    return Run.objects.get(pk=asked.pk)


@pytest.fixture
def place(run: Run, room: MadeRoom) -> Place:
    """Where the run's files go."""
    return Place(run, opening.open_room_key(room.owner.owner, room.row))


MakeDesk = Callable[..., RunDesk]


@pytest.fixture
def make_desk(place: Place) -> MakeDesk:
    """A desk with the usual limits, or others by name."""
    return lambda **limits: RunDesk(place, limits=ArtifactLimits(**limits))


@pytest.fixture
def complete(place: Place) -> Callable[[], Run]:
    """Ends the run with an answer."""

    def end() -> Run:
        finish.end(place.run, finish.completed("answer", finish.Facts()), room_key=place.room_key)
        return Run.objects.get(pk=place.run.pk)

    return end
