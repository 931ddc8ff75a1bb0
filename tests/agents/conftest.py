"""The container engine of a test module whose agents are really run."""

from collections.abc import Iterator

import pytest

from runner.engine.docker import DockerEngine
from tests.factories import engines


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerEngine]:
    """An engine whose containers are gone when the module has ended."""
    with engines.opened(tmp_path_factory.mktemp("engine")) as made:
        yield made
