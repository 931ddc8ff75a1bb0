"""A Docker engine of this test session, with an instance name of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.engine.docker import DockerEngine
from tests.factories import engines

BASE_IMAGE = "hivemind-agent-base:latest"


@pytest.fixture(scope="session")
def engine_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state directory, so that the gate's shell is taken out of the base image once."""
    return tmp_path_factory.mktemp("engine")


@pytest.fixture
def docker_engine(engine_state: Path) -> Iterator[DockerEngine]:
    """An engine whose containers are all removed at the end."""
    with engines.opened(engine_state) as engine:
        yield engine
