"""Fixtures of the run tests."""

import pytest

from hivemind.kit.handoff import WorkerIdentity
from tests.factories import runs, tenants
from tests.factories.rooms import MadeRoom
from tests.factories.tenants import Person

__all__ = ["alice", "bob", "carol", "room", "worker"]


@pytest.fixture
def alice(db: None) -> Person:
    """The owner, with a database."""
    return tenants.with_database(tenants.alice())


@pytest.fixture
def bob(db: None) -> Person:
    """The one who asks and pays."""
    return tenants.bob()


@pytest.fixture
def carol(db: None) -> Person:
    """Nobody to these rooms."""
    return tenants.carol()


@pytest.fixture
def room(alice: Person) -> MadeRoom:
    """A fixed-query room whose prompts are not kept after the run."""
    return runs.room_with_agents(alice)


@pytest.fixture
def worker(db: None) -> WorkerIdentity:
    """A worker that lives."""
    return runs.living_worker()
