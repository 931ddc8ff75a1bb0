"""A service all of whose processes were killed starts again as if nothing had been."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from hivemind.local import processes, supervisor
from hivemind.local.paths import Layout, layout
from tests.e2e.conftest import Service, running

pytestmark = pytest.mark.e2e


@pytest.fixture
def where(tmp_path: Path) -> Iterator[Layout]:
    found = layout(tmp_path / "var")
    yield found
    kill_services(found)
    shutil.rmtree(found.socket_dir, ignore_errors=True)


def kill_services(where: Layout) -> None:
    def pids() -> list[int]:
        postgres = processes.running("postgres", within=where.postgres_data)
        return postgres + processes.running("redis-server", within=where.redis_home)

    processes.send(pids(), signal.SIGKILL)
    assert processes.wait_until(lambda: not pids(), seconds=10)


def test_nothing_is_lost_when_everything_is_killed(where: Layout) -> None:
    with running(where.state_dir) as first:
        alice = first.create_tenant("alice")
        main = supervisor.find(where)
        assert main is not None
        os.kill(main, signal.SIGKILL)
        kill_services(where)
        assert processes.wait_until(lambda: supervisor.find(where) is None, seconds=10)
    with running(where.state_dir) as second:
        assert second.whoami(alice["api_key"]) == alice["tenant_id"]


def test_a_killed_database_and_a_killed_queue_come_back_by_themselves(where: Layout) -> None:
    with running(where.state_dir) as service:
        alice = service.create_tenant("alice")
        kill_services(where)
        assert processes.wait_until(lambda: _answers(service, alice), seconds=30)


def _answers(service: Service, alice: dict[str, str]) -> bool:
    try:
        return bool(service.whoami(alice["api_key"]) == alice["tenant_id"])
    except OSError:
        return False
