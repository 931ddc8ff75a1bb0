"""What every test has: its own Postgres and Redis, and an honest word about Docker."""

import functools
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from hivemind.local import docker_engine, testing

testing.isolate_environment()
NEEDS_ENGINE = ("docker", "e2e")
_services = ExitStack()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-docker", action="store_true", help="leave out, and say so, the tests that need a Docker engine"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that need an engine, but only when somebody asked for it."""
    if config.getoption("--no-docker"):
        left_out = [item for item in items if _needs_engine(item)]
        items[:] = [item for item in items if not _needs_engine(item)]
        config.hook.pytest_deselected(items=left_out)
        config.stash[_left_out] = len(left_out)


class OneService(LoadScopeScheduling):
    """Of several processors one plays all the tests of a whole service, so that only one service is started."""

    def _split_scope(self, nodeid: str) -> str:
        return "a whole service" if nodeid.startswith("tests/system/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return OneService(config, log)


_left_out = pytest.StashKey[int]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--no-docker"):
        count = config.stash.get(_left_out, 0) or "the"  # parallel workers count for themselves
        terminalreporter.section("without Docker", sep="!", yellow=True)
        terminalreporter.line(f"{count} tests that need a Docker engine did not run, because of --no-docker")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start this session's services once it is known that something will run."""
    if session.items and not session.config.option.collectonly:
        _services.enter_context(testing.services(Path(os.environ["HIVEMIND_STATE_DIR"])))


def pytest_unconfigure() -> None:
    _services.close()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if _needs_engine(item) and not _engine():
        pytest.fail(f"{docker_engine.ADVICE}\n(or leave these tests out with --no-docker)", pytrace=False)


def _needs_engine(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in NEEDS_ENGINE)


@functools.cache
def _engine() -> str | None:
    return docker_engine.find(os.environ)


@pytest.fixture(scope="session")
def state_dir() -> Path:
    """The state directory of this test session; Postgres and Redis run in it."""
    return Path(os.environ["HIVEMIND_STATE_DIR"])


@pytest.fixture
def docker_host() -> Iterator[str]:
    """The address of the machine's Docker engine; the test fails where there is none."""
    address = _engine()
    if address is None:
        pytest.fail(docker_engine.ADVICE, pytrace=False)
    yield address
