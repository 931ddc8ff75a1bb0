"""Container engines of tests: each with an instance name of its own, so that none sweeps another's containers."""

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.engine.config import EngineConfig
from runner.engine.docker import DockerEngine


@contextmanager
def opened(state: Path) -> Iterator[DockerEngine]:
    """An engine whose containers and stage directories are gone at the end."""
    engine = DockerEngine(EngineConfig(instance=f"test-{uuid.uuid4().hex[:8]}", state_directory=state))
    try:
        yield engine
    finally:
        engine.remove_strays((), older_than_seconds=-5)
        engine.close()
        shutil.rmtree(engine._stage_root, ignore_errors=True)


def processes_of(container_id: str) -> list[int]:
    """The machine's numbers of the processes that belong to a container."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                belongs = container_id in (entry / "cgroup").read_text()
            except OSError:
                continue
            found += [int(entry.name)] * belongs
    return found
