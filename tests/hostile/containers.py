"""Containers of the real engine, from one image, for agents that mean harm."""

import io
import subprocess
import tarfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from runner.engine.base import BuildSpec, ContainerSpec, Exit, Prepared
from runner.engine.docker import DockerEngine
from runner.engine.limits import Limits
from tests.factories import engines

AGENT = Path(__file__).parent / "agent"


@dataclass
class Yard:
    """An engine of its own and the hostile image."""

    engine: DockerEngine
    image: str
    names: list[str] = field(default_factory=list)

    def prepare(
        self, behaviour: str, *, limits: Limits | None = None, image: str = "", stage: str = "query"
    ) -> Prepared:
        """A container that will do what is named once it is released."""
        spec = ContainerSpec(
            name=f"hivemind-test-hostile-{uuid.uuid4().hex[:12]}",
            image=image or self.image,
            run_id=uuid.uuid4().hex[:12],
            stage=stage,
            entrypoint=("python3", "-m", "tests.hostile.agent.main", behaviour),
            limits=limits or Limits(),
        )
        self.names.append(spec.name)
        return self.engine.prepare(spec)

    def run(
        self,
        behaviour: str,
        *,
        seconds: float = 30.0,
        limits: Limits | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Exit:
        """Let it do so, and wait until it has ended or was ended."""
        with self.prepare(behaviour, limits=limits) as prepared:
            prepared.release(env or {})
            return prepared.wait(time.monotonic() + seconds)


@contextmanager
def opened(state: Path) -> Iterator[Yard]:
    """A yard; at its end nothing of it is left on the machine."""
    tag = f"hivemind-test-hostile:{uuid.uuid4().hex[:8]}"
    with engines.opened(state) as engine:
        try:
            image = engine.build_image(BuildSpec(tag=tag, context=context_of(AGENT)))
            yield Yard(engine, image.id)
        finally:
            engine.remove_strays((), older_than_seconds=-5)
            engine.close()
            engine.remove_image(tag)


def context_of(folder: Path) -> bytes:
    """The files of a folder as a build context."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path in sorted(folder.iterdir()):
            if path.is_file():
                entry = tarfile.TarInfo(path.name)
                entry.size, entry.mode = path.stat().st_size, 0o644
                tar.addfile(entry, io.BytesIO(path.read_bytes()))
    return buffer.getvalue()


def changed_files(container_id: str) -> list[str]:
    """What a container has changed in the layer above its image, as the engine tells."""
    done = subprocess.run(["docker", "diff", container_id], capture_output=True, text=True, check=True)
    return sorted(done.stdout.splitlines())
