"""Builds as the wire shows them: as runs, because clients poll them like runs."""

from typing import Any

from agents.enums import BuildStatus
from agents.models import ImageBuild
from hivemind.kit import clock
from hivemind.kit.conf import conf
from tenants.principals import Owner, Principal

NOTHING = [
    "output",
    "prompt",
    "room_id",
    "room_manifest_hash",
    "scope_agent_id",
    "attestation",
    "issuer_token_id",
    "payer_tenant_id",
    "payer_token_id",
    "billable_role",
    "billing_provider",
    "billing_model",
    "billing_settled_at",
    "usage_json",
    "scope_started_at",
    "scope_ended_at",
    "query_started_at",
    "query_ended_at",
    "mediator_started_at",
    "mediator_ended_at",
]


def of_run(run_id: str) -> dict[str, Any] | None:
    """How far the build is that is a part of this run; None before it began."""
    build = ImageBuild.objects.filter(run_id=run_id).defer("log_sealed", "handoff", "error").first()
    if build is None:
        return None
    names = ("status", "step", "steps", "shared")
    return {"build_id": build.pk, **{name: getattr(build, name) for name in names}}


def tracker(principal: Principal, build_id: str) -> dict[str, Any] | None:
    """The Run-shaped row of a build that this caller may follow; None when there is none."""
    if not isinstance(principal, Owner):
        return None
    build = ImageBuild.objects.filter(pk=build_id, agent__tenant=principal.tenant).first()
    return _wire(build) if build is not None else None


def _wire(build: ImageBuild) -> dict[str, Any]:
    failed = build.status == BuildStatus.FAILED
    return dict.fromkeys(NOTHING) | {
        "run_id": build.id,
        "agent_id": build.agent_id,
        "status": build.status,
        "outcome": "build_failed" if failed else build.status,
        "error": f"Image build failed: {build.error}" if failed else None,
        "created_at": clock.unix(build.created_at),
        "updated_at": clock.unix(build.updated_at),
        "build_started_at": clock.unix(build.started_at),
        "build_ended_at": clock.unix(build.ended_at),
        "billing_hold_micro_usd": 0,
        "billing_cost_micro_usd": 0,
        "billing_status": "unbilled",
        "output_visibility": "owner_and_querier",
        "artifacts_enabled": False,
        "artifacts": [],
        "artifact_retention_seconds": conf.retention.artifact_seconds,
    }
