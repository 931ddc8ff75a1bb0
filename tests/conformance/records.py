"""Runs of the honest service: rows, signed records, receipts."""

import json
import time
from dataclasses import replace
from typing import Any

from attestation.digests import sha256_hex, text_hash
from attestation.manifests.run_record import (
    RunAgent,
    RunArtifact,
    RunBody,
    RunStage,
    evidence_hash,
    hash_error,
    sign_run,
)
from tests.conformance.service import Service

FILES = {"chart.svg": b"<svg/>", "table.csv": b"region,n\nnorth,42\n"}
_STAGES = ("scope", "query", "mediator")


def new_run(service: Service, run_id: str, room_id: str, *, prompt: str, nonce: str | None) -> dict[str, Any]:
    """A run that was just submitted. Members with an underscore never leave the service."""
    now = time.time()
    row: dict[str, Any] = {
        "run_id": run_id,
        "agent_id": service.rooms[room_id]["fixed_query_agent_id"],
        "status": "running",
        "error": None,
        "output": None,
        "created_at": now,
        "updated_at": now,
        **{f"{stage}_{moment}_at": None for stage in ("build", *_STAGES) for moment in ("started", "ended")},
        "room_id": room_id,
        "room_manifest_hash": service.rooms[room_id]["envelope"]["manifest_hash"],
        "attestation": None,
        "billing_hold_micro_usd": 3_500_000,
        "billing_cost_micro_usd": 0,
        "billing_status": "held",
        "usage": {},
        "artifacts": [],
        "_prompt": prompt,
        "_nonce": nonce,
    }
    service.runs[run_id] = row
    return row


def finish(service: Service, row: dict[str, Any]) -> None:
    """Ends the run with an answer, or with a failure where the setting says so, and signs its record."""
    failed = service.setting.outcome == "failed"
    artifacts = [] if failed else [{"filename": n, "size_bytes": len(FILES[n]), "content_type": ""} for n in FILES]
    row |= {
        "status": "failed" if failed else "completed",
        "output": None if failed else service.output,
        "error": service.trouble if failed else None,
        "artifacts": artifacts,
        "billing_status": "settled",
        "updated_at": time.time(),
    }
    body = service.told("body", body_of(service, row))
    row["attestation"] = service.told("record", sign_run(body, key=service.machine.signer))
    row["billing_cost_micro_usd"] = body.cost_micro_usd or 0
    row["_done"] = True


def body_of(service: Service, row: dict[str, Any]) -> RunBody:
    """What an honest service states about the ended run."""
    manifest = service.rooms[row["room_id"]]["envelope"]["manifest"]
    completed, ended_at_ms = row["status"] == "completed", int(time.time() * 1000)
    agents = {agent["role"]: agent for agent in manifest.get("agents", [])}
    digests = {role: agents.get(role, {}).get("files_sha256", sha256_hex(role.encode())) for role in _STAGES}
    return RunBody(
        run_id=row["run_id"],
        status=row["status"],
        compose_hash=service.machine.facts.compose_hash if service.setting.evidence != "none" else "",
        room_id=row["room_id"],
        room_manifest_hash=row["room_manifest_hash"],
        scope_agent_id=manifest["scope"]["agent_id"],
        scope_files_digest=digests["scope"],
        scope_attested_files_digest=digests["scope"],
        query_agent_id=manifest["query"]["agent_id"],
        query_files_digest=digests["query"],
        query_attested_files_digest=digests["query"],
        output_visibility=manifest["output"]["visibility"],
        allowed_llm_providers=tuple(manifest["egress"]["llm_providers"]),
        artifacts_enabled=manifest["egress"]["allow_artifacts"],
        room_vault_item_count=len(service.items),
        scope_mode="fast",
        scope_mode_reason="default_fast_path",
        query_inspection_mode="sealed" if manifest["query"]["visibility"] == "sealed" else "full",
        prompt_hash=text_hash(row["_prompt"]),
        output_hash=text_hash(row["output"] or ""),
        error_hash=hash_error(row["error"] or ""),
        timestamp=ended_at_ms // 1000,
        mediator_agent_id=manifest["mediator"]["agent_id"],
        mediator_files_digest=digests["mediator"],
        agents=tuple(
            RunAgent(role, agent["agent_id"], agent["source_sha256"], agent["image_id"] if completed else "")
            for role, agent in agents.items()
        ),
        client_nonce=row["_nonce"],
        models=dict.fromkeys(_STAGES, "vendor/model"),
        container_runtime="runsc",
        guard_verdicts={"allow": 3, "deny": 1},
        artifacts=_artifacts() if completed else (),
        signer_kind="dstack" if service.setting.evidence == "hardware" else "development",
        usage={"calls": 1, "total_tokens": 3_000},
        cost_micro_usd=4_250 if completed else 0,
        receipt_version=1,
        outcome="completed" if completed else "agent_failed",
        provider="openrouter",
        stages=_stages(ended_at_ms) if completed else (),
        hold_micro_usd=3_500_000,
        billing_status="settled",
        asked_at_ms=ended_at_ms - 2_000,
        ended_at_ms=ended_at_ms,
        evidence_sha256=evidence_hash(service.kept_bundle()),
    )


def receipt(service: Service, row: dict[str, Any]) -> dict[str, Any]:
    """What checks the answer elsewhere."""
    made = {
        "receipt_version": 1,
        "record": row["attestation"],
        "evidence": service.kept_bundle(),
        "room_envelope": service.rooms[row["room_id"]]["envelope"],
        "collateral": None if service.setting.evidence == "none" else json.loads(service.collateral().to_json()),
    }
    told: dict[str, Any] = service.told("receipt", json.loads(json.dumps(made)))
    return told


def _artifacts() -> tuple[RunArtifact, ...]:
    return tuple(RunArtifact(name, len(data), sha256_hex(data)) for name, data in sorted(FILES.items()))


def _stages(ended_at_ms: int) -> tuple[RunStage, ...]:
    first = RunStage(
        name="scope",
        model="vendor/model",
        started_at_ms=ended_at_ms - 1_500,
        ended_at_ms=ended_at_ms - 1_000,
        prompt_tokens=1_000,
        completion_tokens=0,
        prompt_micro_usd_per_mtok=250_000,
        completion_micro_usd_per_mtok=2_000_000,
    )
    second = replace(
        first,
        name="query",
        started_at_ms=ended_at_ms - 1_000,
        ended_at_ms=ended_at_ms - 100,
        completion_tokens=2_000,
        prompt_tokens=0,
    )
    return first, second
