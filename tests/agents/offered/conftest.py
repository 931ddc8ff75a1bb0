"""The cast, and a service that offers agents."""

from collections.abc import Iterator

import pytest

from agents.services import defaults
from hivemind.kit.conf import override
from hivemind.kit.handoff import WorkerIdentity
from tests.factories import runs, tenants
from tests.factories.tenants import Person

OFFERED = {f"{role}_image": f"hivemind-default-{role}" for role in ("scope", "query", "mediator")}


@pytest.fixture
def alice(db: None) -> Person:
    """The owner, with a database."""
    return tenants.with_database(tenants.alice())


@pytest.fixture
def bob(db: None) -> Person:
    """The one who asks and pays."""
    return tenants.bob()


@pytest.fixture
def worker(db: None) -> WorkerIdentity:
    """A worker that lives."""
    return runs.living_worker()


@pytest.fixture
def offering(db: None) -> Iterator[None]:
    """The three bundled agents are offered."""
    with override("defaults", **OFFERED):
        defaults.register()
        yield
