"""From a stored source to an image: exactly the bytes and modes that were uploaded, or no image at all.

Uploads of the same bytes share one image, but only those of one uploader: the owner's packages among themselves, and
what came with one invite to one room. Whoever uploads bytes that somebody else has uploaded before waits as long as if
nobody had, because the engine's cache is kept apart in the same way. So no build tells that a package exists.
"""

import hashlib
import hmac
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from django.conf import settings

from agents.errors import BuildAbandoned, ImageNotBuilt
from agents.models import Agent
from agents.packages import context
from agents.services import sources
from attestation import digests
from hivemind.kit.conf import conf
from runner.engine import build_index
from runner.engine.base import BuildSpec, BuildWatch, Engine, ImageInfo
from runner.engine.build_index import BuildIndex
from runner.engine.config import EngineConfig
from runner.engine.errors import BuildError, BuildFailed, BuildStopped, EngineError
from runner.engine.limits import MIB

SOURCE_CHANGED = "the stored source is not what was uploaded"
UNTOLD = "the Dockerfile cannot be built"
REASONS = {
    "build_failed": "a step of the Dockerfile failed",
    "build_timed_out": "it took longer than it may",
    "build_dockerfile_missing": "there is no Dockerfile",
    "build_refused": "the Dockerfile asks for something that no build may do",
    "build_base_image_missing": "an image that it starts from is missing",
}
RETRY_WITHIN_SECONDS = 20
ERROR_CHARS = 1200
MOST_TRIED = 5


@dataclass(frozen=True)
class Made:
    """An agent's image, and whether it is the one of an earlier upload."""

    image: ImageInfo
    shared: bool


def make(agent: Agent, source_key: bytes, engine: Engine, *, watch: BuildWatch, build_id: str) -> Made:
    """Build the agent's image, or take that of an equal upload, and note which it is.

    Where the operator has set a package index, the steps of the build reach it and nothing else. Raises ImageNotBuilt,
    and BuildAbandoned when the one who watches wants no image any more.
    """
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
        cache_scope=scope_of(agent),
        reuse=_of_equals(agent),
    )
    try:
        with _network(engine, spec, build_id) as connected:
            image = _built(engine, connected, watch)
    except BuildFailed as error:
        # What a step printed is told to an owner who follows the build; whoever brought the package reads the log.
        told = str(error) if agent.is_brought else f"{error} {error.output}".strip()
        raise ImageNotBuilt(told[:ERROR_CHARS], reason=REASONS[error.code]) from error
    except BuildStopped as error:
        raise BuildAbandoned from error
    except BuildError as error:
        raise ImageNotBuilt(str(error), reason=REASONS.get(error.code, UNTOLD)) from error
    except EngineError as error:
        raise ImageNotBuilt("the container engine could not build it") from error
    _note(agent, image)
    return Made(image, shared=image.id in spec.reuse)


@contextmanager
def _network(engine: Engine, spec: BuildSpec, build_id: str) -> Iterator[BuildSpec]:
    """The build with the network of its steps: none, or the operator's index alone."""
    if not conf.sandbox.build_index_url:
        yield spec
        return
    index = BuildIndex(conf.sandbox.build_index_url)
    name, base = f"hm-build-{build_id}", EngineConfig.base_image
    with build_index.reachable(engine, index, name=name, owner_id=build_id, image=base) as network:
        yield replace(spec, network=network, opening=index.opening)


def scope_of(agent: Agent) -> str:
    """Names those who may notice what each other built: one uploader. It tells nothing about who that is."""
    whose = [agent.tenant_id] + ([agent.room_id, agent.uploader_token_id] if agent.uploader_token_id else [])
    name = "\0".join(["hivemind:build-scope", *whose]).encode()
    return hmac.new(settings.SECRET_KEY.encode(), name, hashlib.sha256).hexdigest()[:32]


def _of_equals(agent: Agent) -> tuple[str, ...]:
    """Images of the same uploader's packages with the same bytes, the newest first."""
    same = Agent.objects.filter(tenant_id=agent.tenant_id, source_sha256=agent.source_sha256).exclude(pk=agent.pk)
    if agent.uploader_token_id:
        same = same.filter(room_id=agent.room_id)
    mine = same.filter(uploader_token_id=agent.uploader_token_id).exclude(image_id="")
    ids = mine.order_by("-created_at", "-pk").values_list("image_id", flat=True)[: MOST_TRIED * 4]
    return tuple(dict.fromkeys(ids))[:MOST_TRIED]


def _built(engine: Engine, spec: BuildSpec, watch: BuildWatch) -> ImageInfo:
    """Build; once more when it failed at once: a step taken from the engine's cache may just have been pruned."""
    started = time.monotonic()
    try:
        return engine.build_image(spec, watch=watch)
    except BuildFailed:
        if time.monotonic() - started > RETRY_WITHIN_SECONDS:
            raise
        return engine.build_image(spec, watch=watch)


def _note(agent: Agent, image: ImageInfo) -> None:
    digests_of_it = list(image.repo_digests)
    mine = Agent.objects.filter(pk=agent.pk)
    mine.update(image_id=image.id, image_repo_digests=digests_of_it, image_bytes=image.size_bytes)
    agent.image_id = image.id
