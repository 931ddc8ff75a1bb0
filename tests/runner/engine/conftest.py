"""A Docker engine of this test session, with an instance name of its own."""

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.engine.config import EngineConfig
from runner.engine.docker import DockerEngine

BASE_IMAGE = "hivemind-agent-base:latest"


@pytest.fixture(scope="session")
def engine_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One state directory, so that the gate's shell is taken out of the base image once."""
    return tmp_path_factory.mktemp("engine")


@pytest.fixture
def docker_engine(engine_state: Path) -> Iterator[DockerEngine]:
    """An engine whose containers are all removed at the end."""
    engine = DockerEngine(EngineConfig(instance=f"test-{uuid.uuid4().hex[:8]}", state_directory=engine_state))
    yield engine
    engine.remove_strays((), older_than_seconds=-5)
    engine.close()
    shutil.rmtree(engine._stage_root, ignore_errors=True)
