"""Runs on the wire."""

from typing import Any

from agents.selectors import builds
from hivemind.kit import clock
from hivemind.kit.conf import conf
from runner.access.visibility import Reader
from runner.enums import RunStatus, StageName
from runner.models import Run
from runner.services import artifacts
from runner.services.finish import receipt_of

# Old clients know four words; a cancelled run is a failed one to them, and `outcome` tells the rest.
PUBLIC_STATUS = {RunStatus.CANCELLED: RunStatus.FAILED}


def public_status(run: Run) -> str:
    """The status as the wire writes it."""
    return str(PUBLIC_STATUS.get(RunStatus(run.status), run.status))


def submitted(run: Run, *, replayed: bool) -> dict[str, Any]:
    """The answer to an ask."""
    body: dict[str, Any] = {
        "run_id": run.id,
        "query_agent_id": run.query_agent_id,
        "scope_agent_id": run.scope_agent_id,
        "room_id": run.room_id,
        "status": public_status(run),
    }
    return body | {"idempotent_replay": True} if replayed else body


def brought(run: Run, *, replayed: bool) -> dict[str, Any]:
    """The answer to an ask that a query agent came with."""
    agent = run.terms["query"]
    body: dict[str, Any] = {
        "run_id": run.id,
        "agent_id": run.query_agent_id,
        "room_id": run.room_id,
        "status": public_status(run),
        "inspection_mode": "sealed" if run.terms["query_visibility"] == "sealed" else "full",
        "source_sha256": agent["source_sha256"],
        "files_digest_sha256": agent["files_digest"],
    }
    return body | {"idempotent_replay": True} if replayed else body


def run(row: Run, reader: Reader) -> dict[str, Any]:
    """One run as this caller may see it."""
    payload = reader.payload(row)
    body: dict[str, Any] = {
        "run_id": row.id,
        "agent_id": row.query_agent_id,
        "status": public_status(row),
        "outcome": row.failure_code or row.status,
        "error": payload.error,
        "output": payload.output,
        "prompt": payload.prompt,
        "created_at": clock.unix(row.created_at),
        "updated_at": clock.unix(row.updated_at),
        **stage_times(row),
        "room_id": row.room_id,
        "room_manifest_hash": row.room_manifest_hash,
        "scope_agent_id": row.scope_agent_id,
        "attestation": receipt_of(row),
        "issuer_token_id": row.issuer_token_id or None,
        **billing(row),
        "output_visibility": row.output_visibility,
        "artifacts_enabled": row.terms["allow_artifacts"],
        "scope_mode": row.terms["scope_mode"],
        "scope_mode_reason": row.terms["scope_mode_reason"],
        "query_inspection_mode": "sealed" if row.terms["query_visibility"] == "sealed" else "full",
        "scope_enforcement": row.scope_enforcement,
        "row_policies_sha256": row.row_policies_sha256 or None,
        "limits": _limits(row),
    }
    if row.usage:
        body["usage"] = row.usage
        body["scope_evidence"] = _scope_evidence(row)
    if payload.redacted:
        body |= {"artifacts": [], "payload_redacted": True}
    return body


def single(row: Run, reader: Reader) -> dict[str, Any]:
    """One run with its artifacts, for the read of a single run."""
    body = run(row, reader)
    if not body.get("payload_redacted"):
        body["artifacts"] = [
            {
                "filename": a.filename,
                "content_type": a.content_type,
                "size_bytes": a.size_bytes,
                "created_at": clock.unix(a.created_at),
            }
            for a in artifacts.readable(row)
        ]
    build = builds.of_run(row.id) if any(stage.name == StageName.BUILD for stage in row.stages.all()) else None
    if build is not None:
        body["build"] = build
    return body | {"artifact_retention_seconds": conf.retention.artifact_seconds}


def stage_times(row: Run) -> dict[str, float | None]:
    """When each stage began and ended."""
    stages = {stage.name: stage for stage in row.stages.all()}
    times: dict[str, float | None] = {}
    for name in StageName.values:
        stage = stages.get(name)
        times[f"{name}_started_at"] = clock.unix(stage.started_at) if stage else None
        times[f"{name}_ended_at"] = clock.unix(stage.ended_at) if stage else None
    return times


def billing(row: Run) -> dict[str, Any]:
    """Who pays for the run, and how much."""
    return {
        "payer_tenant_id": row.payer_tenant_id,
        "payer_token_id": row.payer_token_id,
        "billable_role": "query",
        "billing_provider": row.billing_provider or None,
        "billing_model": row.billing_model or None,
        "billing_hold_micro_usd": row.billing_hold_micro_usd,
        "billing_cost_micro_usd": row.billing_cost_micro_usd,
        "billing_status": row.billing_status,
        "billing_settled_at": clock.unix(row.billing_settled_at),
        "usage_json": row.usage or None,
    }


def _limits(row: Run) -> dict[str, Any]:
    """The budgets that hold for this run, after every clamp."""
    names = ("timeout_seconds", "max_llm_calls", "memory_mb")
    stages = {role: row.terms[role] for role in ("scope", "query", "mediator") if row.terms[role]}
    return {
        "max_tokens": row.terms["max_tokens"],
        "stages": {role: {name: stage[name] for name in names} for role, stage in stages.items()},
    }


def _scope_evidence(row: Run) -> dict[str, Any]:
    bridge = row.usage.get("stages", {}).get("scope", {}).get("bridge", {})
    return {
        "mode": row.terms["scope_mode"],
        "reason": row.terms["scope_mode_reason"],
        "query_inspection_mode": "sealed" if row.terms["query_visibility"] == "sealed" else "full",
        "tool_call_counts": bridge.get("tool_call_counts", {}),
        "llm_tool_call_counts": bridge.get("llm_tool_call_counts", {}),
    }
