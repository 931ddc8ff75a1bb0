"""Taking in a package: unpack, seal, digest, store, and have its image built."""

from dataclasses import dataclass
from typing import BinaryIO

from django.db import transaction

from agents.enums import AgentType, InspectionMode
from agents.models import Agent, ImageBuild
from agents.packages import archive
from agents.services import builds, sources
from attestation import digests
from attestation.sealing.kdf import new_key
from hivemind.kit import audit, clock, ids
from hivemind.kit.conf import conf
from tenants.principals import Owner


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
class Uploaded:
    """A stored agent and the build of its image."""

    agent: Agent
    build: ImageBuild


def upload(owner: Owner, package: Package, stream: BinaryIO) -> Uploaded:
    """Store the package for its owner and queue the build. Raises BadArchive, TenantSealed, NoWorker."""
    files = archive.unpack(stream, private_paths=package.private_paths)
    source_key = new_key()
    agent = _unsaved(owner, package, files)
    build = builds.unsaved(agent, source_key)
    with transaction.atomic():
        agent.save(force_insert=True)
        sources.store(agent, files, source_key=source_key)
        sources.wrap_for_tenant(agent, owner=owner, source_key=source_key)
        builds.queue(build)
        audit.record(
            owner.actor,
            "agent.upload",
            agent.id,
            tenant_id=agent.tenant_id,
            source_sha256=agent.source_sha256,
            count=len(files),
        )
    return Uploaded(agent, build)


def _unsaved(owner: Owner, package: Package, files: list[digests.SourceFile]) -> Agent:
    kept = digests.stored_files(files)
    return Agent(
        id=ids.agent_id(),
        tenant=owner.tenant,
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
        created_at=clock.now(),
    )
