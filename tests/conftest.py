"""What every test has: its own Postgres and Redis, and an honest word about Docker."""

import functools
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from hivemind.local import browser, docker_engine, testing

testing.isolate_environment()
NEEDED = {"docker": "a Docker engine", "browser": "a Chromium"}
MARKERS = {"docker": ("docker", "e2e"), "browser": ("browser",)}
_services = ExitStack()


def pytest_addoption(parser: pytest.Parser) -> None:
    for name, what in NEEDED.items():
        parser.addoption(f"--no-{name}", action="store_true", help=f"leave out, and say so, the tests that need {what}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests that need an engine or a browser, but only when somebody asked for it."""
    config.stash[_left_out] = {}
    for name in NEEDED:
        if config.getoption(f"--no-{name}"):
            left_out = [item for item in items if _needs(item, name)]
            items[:] = [item for item in items if not _needs(item, name)]
            config.hook.pytest_deselected(items=left_out)
            config.stash[_left_out][name] = len(left_out)


class OneService(LoadScopeScheduling):
    """Of several processors one plays all the tests of a whole service, so that only one service is started."""

    def _split_scope(self, nodeid: str) -> str:
        return "a whole service" if nodeid.startswith("tests/system/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return OneService(config, log)


_left_out = pytest.StashKey[dict[str, int]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for name, what in NEEDED.items():
        if config.getoption(f"--no-{name}"):
            count = config.stash.get(_left_out, {}).get(name) or "the"  # parallel workers count for themselves
            terminalreporter.section(f"without {name}", sep="!", yellow=True)
            terminalreporter.line(f"{count} tests that need {what} did not run, because of --no-{name}")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start this session's services once it is known that something will run."""
    if session.items and not session.config.option.collectonly:
        _services.enter_context(testing.services(Path(os.environ["HIVEMIND_STATE_DIR"])))


def pytest_unconfigure() -> None:
    _services.close()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if _needs(item, "docker") and not _engine():
        pytest.fail(f"{docker_engine.ADVICE}\n(or leave these tests out with --no-docker)", pytrace=False)
    if _needs(item, "browser") and not browser.find(os.environ):
        pytest.fail(f"{browser.ADVICE}\n(or leave these tests out with --no-browser)", pytrace=False)


def _needs(item: pytest.Item, name: str) -> bool:
    return any(item.get_closest_marker(marker) for marker in MARKERS[name])


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


@pytest.fixture(autouse=True, scope="session")
def nobody_notes_builds() -> None:
    """Evidence is shown to nobody: what is noted beside the work would outlive the test in the database."""
    from attestation.server.services import keeper

    keeper._witnesses.clear()
