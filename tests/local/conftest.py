"""State directories of their own, so that whatever a test kills is its own."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind.local import processes
from hivemind.local.paths import Layout, layout


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Layout]:
    """A layout in a folder that only we may enter; its services are gone after the test."""
    where = layout(tmp_path / "var")
    yield where
    for program, home in (("postgres", where.postgres_data), ("redis-server", where.redis_home)):
        processes.send(processes.running(program, within=home), signal.SIGKILL)
    shutil.rmtree(where.socket_dir, ignore_errors=True)
