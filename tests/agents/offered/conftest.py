"""The cast, and a service that offers agents."""

from collections.abc import Iterator

import pytest

from agents.services import defaults
from hivemind.kit.conf import override
from tests.runner.cast import alice, bob, worker

__all__ = ["alice", "bob", "offering", "worker"]

OFFERED = {f"{role}_image": f"hivemind-default-{role}" for role in ("scope", "query", "mediator")}


@pytest.fixture
def offering(db: None) -> Iterator[None]:
    """The three bundled agents are offered."""
    with override("defaults", **OFFERED):
        defaults.register()
        yield
