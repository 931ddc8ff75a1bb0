"""The embedded services come back by themselves when they alone have died."""

import signal

import httpx
import pytest

from hivemind.local import processes
from hivemind.local.paths import layout
from tests.factories.service import Service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


def test_a_killed_database_and_a_killed_queue_are_started_again_by_the_supervisor(service: Service) -> None:
    where = layout(service.state)
    database = processes.running("postgres", within=where.postgres_data)
    queue = processes.running("redis-server", within=where.redis_home)
    assert database
    assert queue
    processes.send([*database, *queue], signal.SIGKILL)

    def answers() -> bool:
        try:
            return service.http.get("/whoami").status_code == 200
        except httpx.HTTPError:
            return False

    assert processes.wait_until(answers, seconds=60)
    service.await_worker()
    assert service.ask(service.room("trivial"))["output"] == "mediated: answer"
