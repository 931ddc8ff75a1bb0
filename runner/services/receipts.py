"""Composing and signing what is said about a run that ends, and giving it out afterwards."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from attestation.canonical import PIN_V1, ROOM_V1
from attestation.digests import text_hash
from attestation.errors import ManifestError
from attestation.manifests.run_record import (
    RECEIPT_VERSION,
    RunAgent,
    RunArtifact,
    RunBody,
    RunStage,
    hash_error,
    hidden_name,
    sign_run,
)
from attestation.server import signer
from attestation.server.services import snapshots
from attestation.server.signer import Signer
from runner.access.visibility import QUERIER_ONLY
from runner.enums import RunStatus
from runner.errors import ReceiptMissing, RunNotOver
from runner.models import Artifact, RoomVersion, Run, Stage
from runner.services import model_use
from runner.services.endings import Ending
from runner.services.model_use import ModelUse
from runner.terms import RunTerms, StageTerms

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Seal:
    """What a receipt needs besides the run, gathered before anything is locked."""

    signer: Signer = field(repr=False)
    compose_hash: str
    evidence_sha256: str


@dataclass(frozen=True)
class Account:
    """How the run went and what it came to, as the rows say that the same transaction writes.

    `billing` has the run's billing columns.
    """

    stages: tuple[Stage, ...]
    artifacts: tuple[RunArtifact, ...]
    usage: Mapping[str, Any]
    billing: Mapping[str, Any]
    ended_at: datetime


def prepare() -> Seal:
    """The key, the build and the evidence of this moment. Raises SignerUnusable."""
    return Seal(signer.run_signer(), signer.compose_hash(), snapshots.keep())


def left_behind(run: Run) -> tuple[tuple[Stage, ...], tuple[RunArtifact, ...]]:
    """The run's stages and files. Files' names are hidden where the room hides answers from its owner."""
    hides = bool(run.issuer_token_id) and run.output_visibility == QUERIER_ONLY
    released = Artifact.objects.filter(run_id=run.pk).exclude(released_at=None)
    rows = released.values_list("filename", "size_bytes", "content_sha256")
    named = [RunArtifact(hidden_name(name) if hides else name, size, digest) for name, size, digest in rows]
    files = tuple(sorted(named, key=lambda artifact: artifact.filename))
    return tuple(Stage.objects.filter(run_id=run.pk).order_by("position")), files


def sign(run: Run, ending: Ending, account: Account, *, seal: Seal) -> str:
    """The record's text. A row too damaged to be signed still ends, without one, unless it would be an answer."""
    try:
        body = _body(run, RunTerms.from_json(run.terms), ending, account, seal)
        return PIN_V1.encode(sign_run(body, key=seal.signer.key)).decode("ascii")
    except ManifestError:
        if ending.status is RunStatus.COMPLETED:
            raise
        log.exception("a run ended without a receipt", extra={"run_id": run.pk})
        return ""


def document(run: Run) -> dict[str, Any]:
    """Everything that is needed to check the run's answer elsewhere. Raises RunNotOver and ReceiptMissing."""
    if run.ended_at is None:
        raise RunNotOver
    if not run.receipt:
        raise ReceiptMissing
    version = RoomVersion.objects.filter(room_id=run.room_id, manifest_hash=run.room_manifest_hash).first()
    envelope = version.envelope if version else _current(run)
    evidence = snapshots.find(run.evidence_sha256)
    return {
        "receipt_version": RECEIPT_VERSION,
        "record": json.loads(run.receipt),
        "evidence": evidence,
        "room_envelope": ROOM_V1.decode_strict(envelope.encode("utf-8")) if envelope else None,
        # A development machine hands its maker's statements out itself; for a real one they are public.
        "collateral": (evidence or {}).get("development", {}).get("collateral"),
    }


def _current(run: Run) -> str:
    """The room's present envelope, where the run is older than the keeping of versions and the room has not changed."""
    return run.room.envelope if run.room.manifest_hash == run.room_manifest_hash else ""


def _body(run: Run, terms: RunTerms, ending: Ending, account: Account, seal: Seal) -> RunBody:
    facts = ending.facts
    mediator = terms.mediator
    stages = _stages(terms, account)
    asked_at_ms = _ms(run.created_at)
    # Hosts' clocks differ a little; nothing of a run is later than its end.
    ended_at_ms = max(_ms(account.ended_at), asked_at_ms, *(stage.ended_at_ms or 0 for stage in stages))
    return RunBody(
        run_id=run.id,
        status="completed" if ending.status is RunStatus.COMPLETED else "failed",
        compose_hash=seal.compose_hash,
        room_id=run.room_id,
        room_manifest_hash=run.room_manifest_hash,
        scope_agent_id=terms.scope.agent_id,
        scope_files_digest=terms.scope.files_digest,
        scope_attested_files_digest=terms.scope.attested_files_digest,
        query_agent_id=terms.query.agent_id,
        query_files_digest=terms.query.files_digest,
        query_attested_files_digest=terms.query.attested_files_digest,
        output_visibility=terms.output_visibility,
        allowed_llm_providers=terms.llm_providers,
        artifacts_enabled=terms.allow_artifacts,
        room_vault_item_count=facts.vault_items,
        scope_mode=terms.scope_mode,
        scope_mode_reason=terms.scope_mode_reason,
        query_inspection_mode="sealed" if terms.query_visibility == "sealed" else "full",
        prompt_hash=run.prompt_sha256,
        output_hash=text_hash(ending.output),
        error_hash=hash_error(ending.sentence),
        timestamp=ended_at_ms // 1000,
        mediator_agent_id=mediator.agent_id if mediator else "",
        mediator_files_digest=mediator.files_digest if mediator else "",
        agents=tuple(_agent(role, stage, facts.image_ids) for role, stage in terms.stages),
        client_nonce=terms.client_nonce or None,
        models={role: stage.model for role, stage in terms.stages} if terms.provider else {},
        container_runtime=facts.container_runtime,
        guard_verdicts=facts.guard_verdicts,
        artifacts=account.artifacts,
        signer_kind=seal.signer.kind,
        usage={name: count for name, count in account.usage.items() if isinstance(count, int)},
        cost_micro_usd=account.billing["billing_cost_micro_usd"],
        receipt_version=RECEIPT_VERSION,
        outcome=str(ending.code or ending.status),
        provider=terms.provider,
        stages=stages,
        hold_micro_usd=run.billing_hold_micro_usd,
        billing_status=str(account.billing["billing_status"]),
        asked_at_ms=asked_at_ms,
        ended_at_ms=ended_at_ms,
        evidence_sha256=seal.evidence_sha256,
        scope_enforcement=facts.scope_enforcement or None,
        row_policies_sha256=facts.row_policies_sha256 or None,
    )


def _agent(role: str, stage: StageTerms, image_ids: Mapping[str, str]) -> RunAgent:
    return RunAgent(
        role=role, agent_id=stage.agent_id, source_sha256=stage.source_sha256, image_id=image_ids.get(role, "")
    )


def _stages(terms: RunTerms, account: Account) -> tuple[RunStage, ...]:
    rows = {stage.name: stage for stage in account.stages}
    return tuple(_stage(use, rows.get(use.name), terms) for use in model_use.of(terms, account.usage))


def _stage(use: ModelUse, row: Stage | None, terms: RunTerms) -> RunStage:
    started = _ms(row.started_at) if row and row.started_at else None
    ended = max(_ms(row.ended_at), started) if row and row.ended_at and started is not None else None
    return RunStage(
        name=use.name,
        model=use.agreed.model if terms.provider else "",
        started_at_ms=started,
        ended_at_ms=ended,
        prompt_tokens=use.prompt_tokens,
        completion_tokens=use.completion_tokens,
        prompt_micro_usd_per_mtok=use.agreed.prompt_micro_usd_per_mtok,
        completion_micro_usd_per_mtok=use.agreed.completion_micro_usd_per_mtok,
    )


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
