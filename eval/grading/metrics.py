"""The figures of one run, as they stand in a summary's row."""

from collections import Counter
from typing import Any

from eval.grading.evidence import STAGES, Evidence

_FROM_ROW = (
    "billing_status",
    "billing_cost_micro_usd",
    "room_id",
    "room_manifest_hash",
    "scope_agent_id",
    "scope_mode",
    "scope_mode_reason",
    "query_inspection_mode",
    "output_visibility",
    "artifacts_enabled",
)
_FROM_BODY = (
    "room_vault_item_count",
    "query_agent_id",
    "mediator_agent_id",
    "scope_enforcement",
    "row_policies_sha256",
)
_TOKENS = ("prompt_tokens", "completion_tokens", "total_tokens", "max_tokens")


def of(evidence: Evidence) -> dict[str, Any]:
    """What the run's row and its signed record tell; None where they do not."""
    row = evidence.row or {}
    usage = row.get("usage") or {}
    body = (row.get("attestation") or row.get("record") or {}).get("body") or {}
    return {
        "run_status": row.get("status"),
        **{name: row.get(name) for name in _FROM_ROW},
        "query_agent_id": row.get("agent_id"),
        **{name: body[name] for name in _FROM_BODY if name in body},
        "attestation_present": bool(body),
        "attestation_body_fields": sorted(body),
        "llm_calls": usage.get("calls"),
        **{name: usage.get(name) for name in _TOKENS},
        "duration_seconds": evidence.duration_seconds(),
        "stage_seconds": evidence.stage_seconds(),
        "stages": {stage: _of_stage(evidence, stage) for stage in STAGES if stage in evidence.stages},
        "tool_call_counts": _counts(evidence, "tool_call_counts"),
        "llm_tool_call_counts": _counts(evidence, "llm_tool_call_counts"),
        "telemetry_artifact_count": len(row.get("artifacts") or []),
    }


def _of_stage(evidence: Evidence, stage: str) -> dict[str, Any]:
    told = evidence.stages[stage]
    return {
        "llm_calls": told.get("calls"),
        **{name: told.get(name) for name in _TOKENS},
        "model": told.get("model"),
        "tools": evidence.tools(stage),
    }


def _counts(evidence: Evidence, name: str) -> dict[str, int]:
    total: Counter[str] = Counter()
    for stage in evidence.stages.values():
        total.update((stage.get("bridge") or {}).get(name) or {})
    return dict(total)
