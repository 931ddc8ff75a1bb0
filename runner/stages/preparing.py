"""Making the containers of a run ready while nothing waits for them: images ensured, containers created and gated.

All stages are prepared at once when a run starts. A prepared container waits at its gate and holds nothing of the
stage: prompt, token and inputs come through the gate when its turn comes.
"""

import os
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.db import connections

from agents.errors import ImageNotBuilt
from agents.services import builds
from hivemind.kit.conf import conf
from runner.engine.base import ContainerSpec, ImageInfo, Prepared
from runner.engine.errors import EngineError
from runner.engine.limits import MIB, Limits
from runner.enums import FailureCode
from runner.errors import StageFailed
from runner.stages.context import RunContext
from runner.stages.environment import BRIDGE_PORT
from runner.terms import StageTerms

_pool = ThreadPoolExecutor(max_workers=64, thread_name_prefix="prepare")
# More starts at once than this only make each other wait inside the engine.
_starting = threading.BoundedSemaphore(max(2, 2 * (os.cpu_count() or 1)))


@dataclass
class Ready:
    """A gated container and the listening socket of its bridge."""

    handle: Prepared
    listener: socket.socket
    image_id: str


class Preparation:
    """The containers of one run. `take` waits for one; `close` removes them all, whatever became of them."""

    def __init__(self, ctx: RunContext) -> None:
        self._ctx = ctx
        self._futures: dict[str, Future[Ready]] = {}

    def begin(self) -> None:
        """Start preparing every stage."""
        for name, stage in self._ctx.terms.stages:
            self._futures[name] = _pool.submit(self._prepare, name, stage)

    def take(self, name: str) -> Ready:
        """The ready container of one stage. Raises StageFailed when it could not be made ready."""
        ready = self._await(name)
        self._ctx.image_ids[name] = ready.image_id
        self._ctx.container_runtime = ready.handle.runtime
        return ready

    def labels(self, name: str) -> Mapping[str, str]:
        """What the image of one stage says of itself. Raises StageFailed like `take`."""
        image_id = self._await(name).image_id
        try:
            image = self._ctx.engine.image_info(image_id)
        except EngineError as error:
            raise StageFailed(FailureCode.PLATFORM, f"The image of the {name} stage could not be read") from error
        return image.labels if image is not None else {}

    def _await(self, name: str) -> Ready:
        try:
            return self._futures[name].result(timeout=conf.sandbox.build_timeout_seconds + 60)
        except ImageNotBuilt as error:
            raise StageFailed(FailureCode.BUILD, f"Image build failed for the {name} agent") from error
        except EngineError as error:
            raise StageFailed(
                FailureCode.PLATFORM, f"The container of the {name} stage could not be started"
            ) from error

    def close(self) -> None:
        """Remove every container of this run, in the background. Idempotent."""
        futures, self._futures = self._futures, {}
        for future in futures.values():
            future.add_done_callback(_discard)

    def _prepare(self, name: str, stage: StageTerms) -> Ready:
        return gated(self._ctx, stage, image=image_of(self._ctx, stage), label=name)


def image_of(ctx: RunContext, stage: StageTerms) -> ImageInfo:
    """The image of the agent of one stage, built anew where it is gone. Raises ImageNotBuilt and EngineError."""
    agent = ctx.agents[stage.agent_id]
    found = builds.current_image(agent, ctx.engine)
    if found is not None:
        return found
    try:
        return builds.ensure_image(agent, ctx.source_keys[agent.id], ctx.engine)
    finally:
        connections.close_all()  # a thread of a pool must not keep one for itself


def gated(ctx: RunContext, stage: StageTerms, *, image: ImageInfo, label: str, ordinal: str = "") -> Ready:
    """A sealed container for the agent of `stage`, waiting at its gate, killed when the run is stopped.

    `label` names it to the engine, together with `ordinal` where a run has several. Raises EngineError.
    """
    spec = ContainerSpec(
        name=f"hm-{ctx.run.id}-{ctx.run.fence}-{label}{ordinal}",
        image=image.id,
        run_id=ctx.run.id,
        stage=label,
        entrypoint=ctx.agents[stage.agent_id].entrypoint,
        limits=limits(stage.memory_mb),
        user=conf.sandbox.user,
        runtime=conf.sandbox.runtime or None,
    )
    with _starting:
        handle = ctx.engine.prepare(spec)
    try:
        ctx.active.register(handle)
        return Ready(handle, handle.listen(BRIDGE_PORT), image.id)
    except BaseException:
        ctx.active.forget(handle)
        handle.close()
        raise


def limits(memory_mb: int) -> Limits:
    """The operator's walls around one container."""
    sandbox = conf.sandbox
    return Limits(memory_bytes=memory_mb * MIB, cpus=sandbox.cpus, pids=sandbox.pids_limit)


def _discard(future: "Future[Ready]") -> None:
    if future.cancelled() or future.exception() is not None:
        return
    ready = future.result()
    _pool.submit(_close, ready)


def _close(ready: Ready) -> Any:
    ready.listener.close()
    ready.handle.close()
