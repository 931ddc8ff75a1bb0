"""Throw-away services of one test session: its own Postgres and Redis, gone when its process is gone."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hivemind.local import account, embedded, processes
from hivemind.local.paths import layout
from hivemind.local.postgres import Postgres
from hivemind.local.redis import Redis

# What belongs to the machine rather than to a developer's configuration.
KEPT = frozenset({"HIVEMIND_DOCKER_HOST", "HIVEMIND_CONTAINER_RUNTIME", "HIVEMIND_AGENT_BASE_IMAGE"})


def state_dirs() -> Path:
    """Return the folder that holds the state directories of this user's test sessions."""
    return Path(tempfile.gettempdir()) / f"hivemind-tests-{os.geteuid()}"


def isolate_environment() -> Path:
    """Point HIVEMIND_* at a state directory of this process and return it; call before settings are read.

    What a developer has configured must neither reach the tests nor be reached by them, so every other
    HIVEMIND_* variable goes, but for those of the container engine. A child of a test session keeps its
    parent's directory.
    """
    given = Path(os.environ.get("HIVEMIND_STATE_DIR", ""))
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")  # a parallel worker is a session of its own
    if given.parent == state_dirs() and given.name.endswith(f"-{worker}"):
        return given
    for name in [n for n in os.environ if n.startswith("HIVEMIND_") and n not in KEPT]:
        if not name.startswith("HIVEMIND_TEST_"):
            del os.environ[name]
    mine = state_dirs() / f"{os.getpid()}-{worker}"
    os.environ["HIVEMIND_STATE_DIR"] = str(mine)
    os.environ["HIVEMIND_DATABASE_URL"] = os.environ.get("HIVEMIND_TEST_DATABASE_URL", "")
    os.environ["HIVEMIND_REDIS_URL"] = ""
    return mine


@contextmanager
def services(state_dir: Path) -> Iterator[None]:
    """Run Postgres and Redis in `state_dir` and delete it; they end even if this process is killed."""
    if not state_dir.name.startswith(f"{os.getpid()}-"):
        yield  # a session within a session uses what its parent started
        return
    _sweep()
    for folder in (state_dirs(), state_dir):
        account.own(folder, account.current(), mode=0o711)  # the services' account must be able to pass
    where = layout(state_dir)
    parts: list[embedded.Part] = [Redis(where, durable=False, die_with_parent=True)]
    if not os.environ.get("HIVEMIND_DATABASE_URL"):
        parts.insert(0, Postgres(where, durable=False, die_with_parent=True))
    try:
        for part in parts:
            part.ensure()
        yield
    finally:
        for part in reversed(parts):
            part.stop()
        _remove(state_dir)


def _sweep() -> None:
    """Remove what sessions left behind that were killed."""
    if not state_dirs().is_dir():
        return
    for left in state_dirs().iterdir():
        pid = left.name.partition("-")[0]
        if pid.isdigit() and processes.name_of(int(pid)) is None:
            _remove(left)


def _remove(state_dir: Path) -> None:
    where = layout(state_dir)
    processes.end(lambda: processes.running("postgres", within=where.postgres_data), first=signal.SIGQUIT, seconds=2)
    for folder in (state_dir, where.socket_dir):
        shutil.rmtree(folder, ignore_errors=True)
