"""An agent's image, run behind the gate with a stage's bridge on its own loopback."""

import time
from typing import Any

from runner.engine.base import BuildSpec, ContainerSpec, Exit
from runner.engine.docker import DockerEngine
from runner.engine.limits import Limits
from tests.agents.default.scripted import TOKEN, Stage, call, say, stage

URL = "http://127.0.0.1:8787"


class Box:
    """One agent's image, run twice."""

    def __init__(self, engine: DockerEngine, context: bytes) -> None:
        self._engine = engine
        self.tag = f"hivemind-test-bundled:{time.monotonic_ns()}"
        self._image = engine.build_image(BuildSpec(tag=self.tag, context=context))

    def run(self, role: str, script: list[object], **inputs: Any) -> tuple[Exit, Stage]:
        """Run once; ``script`` are the model's texts and calls, empty for a room without a model."""
        tools, calls = inputs.pop("tools", []), inputs.pop("calls", 20)
        spec = ContainerSpec(
            name=f"hm-test-{time.monotonic_ns()}",
            image=self._image.id,
            run_id="r",
            stage=role,
            limits=Limits(memory_bytes=256 * 2**20, cpus=1.0, pids=256),
        )
        with (
            self._engine.prepare(spec) as prepared,
            stage(role, listener=prepared.listen(8787), tools=tools, calls=calls, model=bool(script)) as room,
        ):
            for line in script:
                say(room.upstream, line) if isinstance(line, str) else call(room.upstream, *line)  # type: ignore[misc]
            given = {"BRIDGE_URL": URL, "SESSION_TOKEN": TOKEN, "AGENT_ROLE": role}
            given |= {"OPENAI_BASE_URL": f"{URL}/v1", "OPENAI_API_KEY": TOKEN}
            prepared.release(given | inputs)
            return prepared.wait(time.monotonic() + 100), room
