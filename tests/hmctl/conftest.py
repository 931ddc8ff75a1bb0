"""Alice owns a room, Bob is invited and pays for himself, Carol is nobody, Olga operates."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hmctl.lying_service import LyingService
from tests.hmctl.shell import Shell


@pytest.fixture
def service() -> Iterator[LyingService]:
    running = LyingService()
    running.publish(running.manifest())
    yield running
    running.close()


@pytest.fixture
def alice(service: LyingService, tmp_path: Path) -> Shell:
    """The owner's machine."""
    shell = Shell(tmp_path / "alice" / ".hivemind")
    shell.profile("alice", service=service.url, key=service.alice)
    return shell


@pytest.fixture
def bob(service: LyingService, tmp_path: Path) -> Shell:
    """The invited asker's machine; he has accepted nothing yet."""
    shell = Shell(tmp_path / "bob" / ".hivemind")
    shell.profile("bob", service=service.url, key=service.bob)
    return shell


@pytest.fixture
def carol(tmp_path: Path) -> Shell:
    """A machine without any profile."""
    return Shell(tmp_path / "carol" / ".hivemind")


@pytest.fixture
def accepted(bob: Shell, service: LyingService) -> Shell:
    """Bob's machine after he accepted the room."""
    assert bob("room", "accept", service.link()).code == 0
    service.asked.clear()
    return bob


@pytest.fixture
def olga(service: LyingService, tmp_path: Path) -> Shell:
    """The operator's machine."""
    shell = Shell(tmp_path / "olga" / ".hivemind")
    shell.profile("ops", service=service.url, key=service.office.key, role="admin")
    return shell
