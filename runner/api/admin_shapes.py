"""Runs as the operator sees them."""

from typing import Any

from hivemind.kit import clock
from runner.api import shapes
from runner.enums import FailureCode
from runner.models import Run
from runner.services import finish

# The words of a run's own error may be its agents'; these are ours.
FAILED = {
    FailureCode.SCOPE_AGENT: "The scope agent failed",
    FailureCode.QUERY_AGENT: "The query agent failed",
    FailureCode.MEDIATOR_AGENT: "The mediator agent failed",
    FailureCode.BUILD: "An image could not be built",
    **finish.SENTENCES,
}


def run(row: Run) -> dict[str, Any]:
    """One run of `runner.selectors.admin_runs`.

    `prompt`, `output` and `attestation` are always null: what was asked and answered is the room's, and the hashes in
    a signed record give short answers away.
    """
    usage = row.usage
    billing = shapes.billing(row)
    del billing["usage_json"]
    return {
        "run_id": row.id,
        "tenant_id": row.tenant_id,
        "tenant_name": row.tenant.name,
        "room_id": row.room_id,
        "room_name": row.room.name,
        "agent_id": row.query_agent_id,
        "scope_agent_id": row.scope_agent_id,
        "status": shapes.public_status(row),
        "outcome": row.failure_code or row.status,
        "error": FAILED[FailureCode(row.failure_code)] if row.failure_code else None,
        "prompt": None,
        "output": None,
        "attestation": None,
        "attested": row.signed,  # type: ignore[attr-defined]
        "created_at": clock.unix(row.created_at),
        "updated_at": clock.unix(row.updated_at),
        **shapes.stage_times(row),
        "room_manifest_hash": row.room_manifest_hash,
        "issuer_token_id": row.issuer_token_id or None,
        **billing,
        "output_visibility": row.output_visibility,
        "artifacts_enabled": row.terms["allow_artifacts"],
        "usage": usage,
        "llm_calls": usage.get("calls", 0),
        "prompt_tokens": usage.get("prompt_tokens", 0),
        "completion_tokens": usage.get("completion_tokens", 0),
        "total_tokens": usage.get("total_tokens", 0),
    }
