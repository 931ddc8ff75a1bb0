"""Taking in a package: unpack, seal, digest, store, and have its image built."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import BinaryIO

from django.db import transaction

from agents.enums import AgentType, InspectionMode
from agents.errors import DockerfileMissing
from agents.models import Agent, ImageBuild
from agents.packages import archive
from agents.services import builds, quotas, sources
from attestation import digests
from attestation.sealing.kdf import new_key
from hivemind.kit import audit, clock, ids
from hivemind.kit.conf import conf
from tenants.models import Tenant
from tenants.principals import Owner

NOTED_EVERY_SECONDS = 60


@dataclass(frozen=True)
class Package:
    """What the form says about an upload; already validated."""

    name: str
    description: str
    agent_type: AgentType
    inspection_mode: InspectionMode
    entrypoint: str | None
    memory_mb: int
    max_llm_calls: int
    max_tokens: int
    timeout_seconds: int
    private_paths: frozenset[str]


@dataclass(frozen=True)
class Unpacked:
    """A package that was taken apart and checked, and is not stored yet."""

    agent: Agent
    files: list[digests.SourceFile] = field(repr=False)
    source_key: bytes = field(repr=False)


@dataclass(frozen=True)
class Uploaded:
    """A stored agent and the build of its image."""

    agent: Agent
    build: ImageBuild


def upload(owner: Owner, package: Package, stream: BinaryIO) -> Uploaded:
    """Store the package for its owner and queue the build.

    Raises BadArchive, TenantSealed, NoWorker, TooManyAgents, TooMuchSource.
    """
    unpacked = unpack(stream, package, tenant=owner.tenant)
    build = builds.unsaved(unpacked.agent, unpacked.source_key)
    with transaction.atomic():
        _insert(unpacked, actor=owner.actor)
        sources.wrap_for_tenant(unpacked.agent, owner=owner, source_key=unpacked.source_key)
        builds.queue(build)
    return Uploaded(unpacked.agent, build)


def unpack(
    stream: BinaryIO, package: Package, *, tenant: Tenant, room_id: str = "", uploader_token_id: str = ""
) -> Unpacked:
    """Take a package apart, in memory. Raises BadArchive."""
    files = archive.unpack(stream, private_paths=package.private_paths)
    if not any(file.path == "Dockerfile" for file in files):
        raise DockerfileMissing
    agent = _unsaved(tenant, package, files)
    agent.room_id, agent.uploader_token_id = room_id, uploader_token_id
    return Unpacked(agent, files, new_key())


def bring(unpacked: Unpacked, *, room_key: bytes, actor: audit.Actor) -> None:
    """Store a package that came with a question, openable with its room's key and with no other.

    Call it in the transaction that stores the run. Raises TooManyUploads, TooManyAgents, TooMuchSource.
    """
    agent = unpacked.agent
    _insert(unpacked, actor=actor)
    sources.insert_room_wrap(agent, source_key=unpacked.source_key, room_id=agent.room_id, room_key=room_key)


def note_use(agents: Iterable[Agent]) -> None:
    """Remember that these are part of a run that begins now. Their images and sources stay longer for it."""
    now = clock.now()
    lately = now - timedelta(seconds=NOTED_EVERY_SECONDS)
    for agent in agents:
        if agent.used_at is None or agent.used_at < lately:
            Agent.objects.filter(pk=agent.pk).update(used_at=now)


def _insert(unpacked: Unpacked, *, actor: audit.Actor) -> None:
    agent = unpacked.agent
    quotas.check(agent)
    agent.save(force_insert=True)
    sources.store(agent, unpacked.files, source_key=unpacked.source_key)
    audit.record(
        actor,
        "agent.upload",
        agent.id,
        tenant_id=agent.tenant_id,
        source_sha256=agent.source_sha256,
        count=len(unpacked.files),
        **({"room_id": agent.room_id} if agent.room_id else {}),
    )


def _unsaved(tenant: Tenant, package: Package, files: list[digests.SourceFile]) -> Agent:
    kept = digests.stored_files(files)
    return Agent(
        id=ids.agent_id(),
        tenant=tenant,
        name=package.name,
        description=package.description,
        agent_type=package.agent_type,
        inspection_mode=package.inspection_mode,
        entrypoint=package.entrypoint or None,
        memory_mb=min(package.memory_mb, conf.sandbox.memory_mb),
        max_llm_calls=package.max_llm_calls,
        max_tokens=package.max_tokens,
        timeout_seconds=package.timeout_seconds,
        files_count=len(kept),
        files_digest=digests.files_digest(files),
        attested_files_count=sum(file.attestable for file in kept),
        attested_files_digest=digests.attested_files_digest(files),
        source_sha256=digests.source_digest(files),
        source_bytes=sum(len(file.content) for file in files),
        created_at=clock.now(),
    )
