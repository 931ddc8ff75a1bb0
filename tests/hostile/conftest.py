"""The places that hostile texts are tried at, and the yard for hostile agents."""

from collections.abc import Iterator

import pytest

from tests.hostile import containers
from tests.runner.conftest import place, room_session
from tests.runner.pipeline.conftest import platform

__all__ = ["place", "platform", "room_session", "yard"]


@pytest.fixture(scope="session")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[containers.Yard]:
    """One engine and one image for all hostile agents of this session."""
    with containers.opened(tmp_path_factory.mktemp("yard")) as made:
        yield made
