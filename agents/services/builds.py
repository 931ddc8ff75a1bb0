"""Building images from stored sources. The row is the truth; a sweep brings every build to an end."""

import logging
import time
from datetime import timedelta

from django.db import transaction
from django.db.models import F

from agents import transitions
from agents.enums import BuildStatus
from agents.errors import ImageNotBuilt
from agents.models import Agent, ImageBuild
from agents.packages import context
from agents.services import nudges, sources
from agents.services.engine import engine as process_engine
from attestation import digests
from attestation.encoding import b64, unb64
from attestation.errors import SealError
from hivemind.kit import clock, handoff, ids, states, worker
from hivemind.kit.conf import conf
from hivemind.kit.handoff import HandoffLost
from runner.engine.base import BuildSpec, Engine, ImageInfo
from runner.engine.errors import BuildError, BuildFailed, EngineError
from runner.engine.limits import MIB

log = logging.getLogger(__name__)
QUEUE = "builds"
QUEUE_SECONDS = 900
WORKER_GONE = "the worker that held the source key is gone; upload again"
SOURCE_CHANGED = "the stored source is not what was uploaded"
POLL_SECONDS = 0.2
RETRY_WITHIN_SECONDS = 20
ERROR_CHARS = 1200


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
        _build(build.agent, unb64(keys["source_key"]), process_engine())
    except ImageNotBuilt as error:
        _end(build, BuildStatus.FAILED, error=str(error))
    except (HandoffLost, SealError):
        _end(build, BuildStatus.FAILED, error=WORKER_GONE)
    except Exception:
        log.exception("a build failed in the platform", extra={"agent_id": build.agent_id})
        _end(build, BuildStatus.FAILED, error="the platform failed while building")
    else:
        _end(build, BuildStatus.COMPLETED)
        log.info("built an image", extra={"agent_id": build.agent_id})


def current_image(agent: Agent, engine: Engine) -> ImageInfo | None:
    """The agent's image when the engine has the one that was built last; None when it must be built. No query.

    An image that somebody else gave the agent's tag is not taken: its id must be the one that we recorded.
    """
    found = engine.image_info(agent.image_tag) if agent.image_id else None
    return found if found is not None and found.id == agent.image_id else None


def ensure_image(agent: Agent, source_key: bytes, engine: Engine) -> ImageInfo:
    """The agent's image: as it was built last, else built anew from the stored source. Raises ImageNotBuilt.

    Waits for a build that is under way rather than starting another.
    """
    _wait_for_builds(agent)
    agent.refresh_from_db(fields=["image_id"])
    return current_image(agent, engine) or _build(agent, source_key, engine)


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


def _end(build: ImageBuild, status: BuildStatus, *, error: str = "") -> None:
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
        )
    except states.StaleState:
        log.warning("another process ended this build first", extra={"agent_id": build.agent_id})


def _build(agent: Agent, source_key: bytes, engine: Engine) -> ImageInfo:
    files = sources.load_files(agent, source_key)
    if digests.source_digest(files) != agent.source_sha256:
        raise ImageNotBuilt(SOURCE_CHANGED)
    sandbox = conf.sandbox
    spec = BuildSpec(
        tag=agent.image_tag,
        context=context.pack(files),
        memory_bytes=sandbox.build_memory_mb * MIB,
        cpu_shares=sandbox.build_cpu_shares,
        timeout_seconds=sandbox.build_timeout_seconds,
        labels={"hivemind-agent-id": agent.id},
    )
    try:
        image = _build_image(engine, spec)
    except BuildFailed as error:
        raise ImageNotBuilt(f"{error} {error.output}".strip()[:ERROR_CHARS]) from error
    except BuildError as error:
        raise ImageNotBuilt(str(error)) from error
    except EngineError as error:
        raise ImageNotBuilt("the container engine could not build it") from error
    Agent.objects.filter(pk=agent.pk).update(image_id=image.id, image_repo_digests=list(image.repo_digests))
    agent.image_id = image.id
    return image


def _build_image(engine: Engine, spec: BuildSpec) -> ImageInfo:
    """Build; once more when it failed at once: a step taken from the engine's cache may just have been pruned."""
    started = time.monotonic()
    try:
        return engine.build_image(spec)
    except BuildFailed:
        if time.monotonic() - started > RETRY_WITHIN_SECONDS:
            raise
        return engine.build_image(spec)


def _wait_for_builds(agent: Agent) -> None:
    deadline = time.monotonic() + conf.sandbox.build_timeout_seconds
    going = ImageBuild.objects.filter(agent=agent, status__in=[BuildStatus.PENDING, BuildStatus.RUNNING])
    while going.exists() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
