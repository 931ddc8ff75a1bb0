"""Building images from stored sources. The row is the truth; a sweep brings every build to an end."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from agents import transitions
from agents.enums import BuildStatus
from agents.errors import BuildAbandoned, ImageNotBuilt
from agents.models import Agent, ImageBuild
from agents.services import build_logs, images, nudges
from agents.services.build_logs import BuildLog
from agents.services.engine import engine as process_engine
from attestation.encoding import b64, unb64
from attestation.errors import SealError
from hivemind.kit import clock, handoff, ids, states, worker
from hivemind.kit.conf import conf
from hivemind.kit.handoff import HandoffLost
from runner.engine.base import BuildWatch, Engine, ImageInfo

log = logging.getLogger(__name__)
QUEUE = "builds"
QUEUE_SECONDS = 900
WORKER_GONE = "the worker that held the source key is gone; upload again"
PLATFORM_FAILED = "the platform failed while building"
ABANDONED = "nobody waited for the image any more"
POLL_SECONDS = 0.2
MARGIN_SECONDS = 60


@dataclass(frozen=True)
class Order:
    """For whom an image is built now: a run, by its id, and how to learn that it has been stopped."""

    run_id: str = ""
    stopped: Callable[[], bool] = lambda: False


def unsaved(agent: Agent, source_key: bytes) -> ImageBuild:
    """A build of `agent` with its source key sealed to the living workers. Raises NoWorker."""
    now = clock.now()
    build_id = ids.run_id()
    sealed = handoff.seal({"source_key": b64(source_key)}, subject=build_id, queue=QUEUE)
    deadline = now + timedelta(seconds=QUEUE_SECONDS + conf.sandbox.build_timeout_seconds)
    return ImageBuild(id=build_id, agent=agent, handoff=sealed, created_at=now, updated_at=now, deadline_at=deadline)


def queue(build: ImageBuild) -> None:
    """Insert the build and wake a worker once the transaction is committed."""
    build.save(force_insert=True)
    transaction.on_commit(lambda: nudges.build(build.id))


def execute(build_id: str) -> None:
    """Claim one build and carry it out to its end. Does nothing when it does not wait."""
    build = _claim(build_id)
    if build is None:
        return
    try:
        keys = worker.identity().open(build.handoff, subject=build_id)
        _perform(build, unb64(keys["source_key"]), process_engine())
    except ImageNotBuilt:
        return  # which its row tells
    except (HandoffLost, SealError):
        _end(build, BuildStatus.FAILED, error=WORKER_GONE)
    except Exception:
        log.exception("a build failed in the platform", extra={"agent_id": build.agent_id})
        _end(build, BuildStatus.FAILED, error=PLATFORM_FAILED)
    else:
        log.info("built an image", extra={"agent_id": build.agent_id})


def current_image(agent: Agent, engine: Engine) -> ImageInfo | None:
    """The agent's image when the engine has the one that was built last; None when it must be built. No query.

    An image that somebody else gave the agent's tag is not taken: its id must be the one that we recorded.
    """
    found = engine.image_info(agent.image_tag) if agent.image_id else None
    return found if found is not None and found.id == agent.image_id else None


def ensure_image(agent: Agent, source_key: bytes, engine: Engine, *, order: Order | None = None) -> ImageInfo:
    """The agent's image: as it was built last, else built anew from the stored source.

    Waits for a build that is under way rather than starting another. Raises ImageNotBuilt and BuildAbandoned.
    """
    order = order or Order()
    _wait_for_builds(agent, order)
    agent.refresh_from_db(fields=["image_id"])
    return current_image(agent, engine) or _build_now(agent, source_key, engine, order)


def sweep() -> None:
    """End the builds that cannot go on and wake those that were forgotten."""
    now = clock.now()
    alive = {w.worker_id for w in handoff.living(QUEUE)}
    for build in ImageBuild.objects.filter(status__in=[BuildStatus.PENDING, BuildStatus.RUNNING]):
        waiting = build.status == BuildStatus.PENDING
        lost = not alive.intersection(build.handoff) if waiting else build.worker_id not in alive
        if lost or now > build.deadline_at:
            _end(build, BuildStatus.FAILED, error=WORKER_GONE if lost else "its deadline passed")
        elif waiting and now - build.created_at > timedelta(seconds=5):
            nudges.build(build.id)


def _claim(build_id: str) -> ImageBuild | None:
    now = clock.now()
    waiting = ImageBuild.objects.filter(pk=build_id, status=BuildStatus.PENDING)
    won = waiting.update(
        status=BuildStatus.RUNNING,
        fence=F("fence") + 1,
        worker_id=worker.identity().worker_id,
        started_at=now,
        updated_at=now,
    )
    return ImageBuild.objects.select_related("agent").get(pk=build_id) if won == 1 else None


def _end(build: ImageBuild, status: BuildStatus, *, error: str = "", **columns: Any) -> None:
    now = clock.now()
    mine = ImageBuild.objects.filter(pk=build.pk, fence=build.fence)
    try:
        states.advance(
            mine,
            machine=transitions.BUILD,
            before=build.status,
            after=status,
            error=error,
            handoff={},
            ended_at=now,
            updated_at=now,
            **columns,
        )
    except states.StaleState:
        log.warning("another process ended this build first", extra={"agent_id": build.agent_id})


def _build_now(agent: Agent, source_key: bytes, engine: Engine, order: Order) -> ImageInfo:
    """Build in this very process, with a row of its own that others wait for and the operator sees."""
    now = clock.now()
    deadline = now + timedelta(seconds=conf.sandbox.build_timeout_seconds + MARGIN_SECONDS)
    with transaction.atomic():
        row = ImageBuild(
            id=ids.run_id(), agent=agent, run_id=order.run_id, created_at=now, updated_at=now, deadline_at=deadline
        )
        row.save(force_insert=True)
        build = _claim(row.pk)
    if build is None:
        raise ImageNotBuilt("its build was ended by another process")
    build.agent = agent
    try:
        return _perform(build, source_key, engine, stopped=order.stopped)
    except SealError as error:
        _end(build, BuildStatus.FAILED, error=images.SOURCE_CHANGED)
        raise ImageNotBuilt(images.SOURCE_CHANGED) from error
    except (ImageNotBuilt, BuildAbandoned):
        raise
    except BaseException:
        _end(build, BuildStatus.FAILED, error=PLATFORM_FAILED)
        raise


def _perform(
    build: ImageBuild, source_key: bytes, engine: Engine, *, stopped: Callable[[], bool] = lambda: False
) -> ImageInfo:
    """Make the image and end the build's row, with what was printed. Raises ImageNotBuilt and BuildAbandoned."""
    printed = BuildLog(on_step=lambda step, steps: _note_step(build, step, steps))
    try:
        watch = BuildWatch(printed.write, stopped)
        made = images.make(build.agent, source_key, engine, watch=watch, build_id=build.pk)
    except (ImageNotBuilt, BuildAbandoned) as failure:
        why = str(failure) or ABANDONED
        printed.write(f"\n{why}\n")
        log_sealed = build_logs.sealed(build, printed.text(), source_key=source_key)
        _end(build, BuildStatus.FAILED, error=why, log_sealed=log_sealed)
        raise
    log_sealed = build_logs.sealed(build, printed.text(), source_key=source_key)
    _end(build, BuildStatus.COMPLETED, shared=made.shared, log_sealed=log_sealed)
    return made.image


def _note_step(build: ImageBuild, step: int, steps: int) -> None:
    now = clock.now()
    ImageBuild.objects.filter(pk=build.pk, fence=build.fence, ended_at=None).update(
        step=step, steps=steps, updated_at=now
    )


def _wait_for_builds(agent: Agent, order: Order) -> None:
    deadline = time.monotonic() + conf.sandbox.build_timeout_seconds
    going = ImageBuild.objects.filter(agent=agent, status__in=[BuildStatus.PENDING, BuildStatus.RUNNING])
    while going.exists() and time.monotonic() < deadline:
        if order.stopped():
            raise BuildAbandoned
        time.sleep(POLL_SECONDS)
