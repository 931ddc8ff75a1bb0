"""A platform in one process: real Postgres, real Docker, and this process as its worker."""

import time
from collections.abc import Iterator

import pytest

from agents.services.engine import engine
from hivemind.kit import worker
from runner.engine.errors import EngineError
from tests.factories import tenants
from tests.factories.platform import Platform


def _remove(tag: str) -> None:
    for _ in range(50):  # the last container's removal may still be under way
        try:
            engine().remove_image(tag)
            return
        except EngineError:
            time.sleep(0.1)


@pytest.fixture
def platform(transactional_db: None) -> Iterator[Platform]:
    """Alice with a table of three sales, and a worker that lives in this process."""
    worker.start(queues="runs,builds")
    made = Platform(tenants.with_database(tenants.alice()), tenants.bob())
    made.sql("CREATE TABLE sales (id int, amount numeric)", "INSERT INTO sales VALUES (1, 10.50), (2, 20), (3, 30)")
    made.sql("CREATE TABLE secrets (word text)", "INSERT INTO secrets VALUES ('canary-other-table')")
    try:
        yield made
    finally:
        worker.stop()
        engine().remove_strays([], older_than_seconds=0)
        for tag in made.tags:
            _remove(tag)
