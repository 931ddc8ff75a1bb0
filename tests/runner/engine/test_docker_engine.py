"""The Docker adapter keeps the engine's contract."""

import pytest

from runner.engine.docker import DockerEngine
from tests.runner.engine import behaviours
from tests.runner.engine.conftest import BASE_IMAGE
from tests.runner.engine.contract import EngineContract, Lab

pytestmark = pytest.mark.docker


class _DockerLab(Lab):
    image = BASE_IMAGE

    def __init__(self, engine: DockerEngine) -> None:
        self.engine = engine

    def entrypoint(self, behaviour: str) -> tuple[str, ...]:
        return ("python3", "-c", behaviours.SCRIPT, behaviour)


@pytest.fixture
def lab(docker_engine: DockerEngine) -> Lab:
    return _DockerLab(docker_engine)


class TestDockerEngine(EngineContract):
    """All of it, inherited."""
