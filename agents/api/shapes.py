"""Agents on the wire."""

from typing import Any

from agents.models import Agent, SourceFile
from agents.services.reading import ReadBuild
from agents.services.sweep import Orphan
from hivemind.kit import clock


def agent_to_wire(agent: Agent) -> dict[str, Any]:
    """One agent, as registered."""
    return {
        "agent_id": agent.id,
        "name": agent.name,
        "description": agent.description,
        "agent_type": agent.agent_type,
        "image": agent.image_tag,
        "entrypoint": agent.entrypoint,
        "memory_mb": agent.memory_mb,
        "max_llm_calls": agent.max_llm_calls,
        "max_tokens": agent.max_tokens,
        "timeout_seconds": agent.timeout_seconds,
        "inspection_mode": agent.inspection_mode,
        "harness": agent.harness,
    }


def agent_attestation(agent: Agent, bundle: dict[str, Any]) -> dict[str, Any]:
    """What can be said about an agent's source and image, beside the service's evidence."""
    return {
        "agent_id": agent.id,
        "agent": agent_to_wire(agent),
        "inspection_mode": agent.inspection_mode,
        "files_count": agent.files_count,
        "files_digest_sha256": agent.files_digest,
        "attested_files_count": agent.attested_files_count,
        "attested_files_digest_sha256": agent.attested_files_digest,
        "source_sha256": agent.source_sha256,
        "image_digest": {"id": agent.image_id, "repo_digests": agent.image_repo_digests},
        "attestation": bundle,
    }


def file_to_wire(row: SourceFile) -> dict[str, Any]:
    """One file of a package; never its content."""
    return {"path": row.path, "size_bytes": row.size_bytes, "attestable": row.attestable}


def build_to_wire(told: ReadBuild) -> dict[str, Any]:
    """A build for whoever uploaded the agent."""
    build = told.build
    names = ("status", "step", "steps", "shared")
    return {
        "agent_id": build.agent_id,
        "build_id": build.pk,
        "run_id": build.run_id or None,
        **{name: getattr(build, name) for name in names},
        "error": build.error or None,
        "created_at": clock.unix(build.created_at),
        "started_at": clock.unix(build.started_at),
        "ended_at": clock.unix(build.ended_at),
        "log": told.log,
    }


def orphan_to_wire(orphan: Orphan) -> dict[str, Any]:
    """A broken agent; `error` is there only when it stays."""
    agent = orphan.agent
    body = {
        "tenant_id": agent.tenant_id,
        "tenant_name": agent.tenant.name,
        "agent_id": agent.id,
        "name": agent.name,
        "agent_type": agent.agent_type,
        "image": agent.image_tag,
        "reason": orphan.reason,
        "deleted": orphan.deleted,
    }
    return body | {"error": orphan.error} if orphan.error else body
