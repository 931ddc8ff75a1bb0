"""One whole service for all end-to-end tests: own Postgres, Redis, web, worker and beat."""

from collections.abc import Iterator

import pytest

from tests.factories.service import Service


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """A running service with one tenant, the owner."""
    with Service() as running:
        yield running
