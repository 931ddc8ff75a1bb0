"""Ending a run: output, receipt, usage, settlement and terminal state together or not at all."""

import json
import logging
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from attestation.canonical import PIN_V1
from attestation.digests import text_hash
from attestation.errors import ManifestError
from attestation.manifests.run_record import RunAgent, RunBody, hash_error, sign_run
from attestation.sealing import aead
from attestation.sealing.context import output_context
from attestation.server import signer
from hivemind.kit import clock, states
from runner import transitions
from runner.enums import FailureCode, RunStatus, StageStatus
from runner.models import Run, Stage
from runner.services import charging
from runner.terms import RunTerms, StageTerms

log = logging.getLogger(__name__)
CANCELLED = "The run was cancelled"
SENTENCES = {
    FailureCode.DEADLINE: "The run's deadline passed before it was done",
    FailureCode.WORKER_LOST: "The worker that held this run's key is gone; ask again",
    FailureCode.CANCELLED: CANCELLED,
    FailureCode.PLATFORM: "The platform failed while carrying out this run; ask again",
}


@dataclass(frozen=True)
class Facts:
    """What is known about how a run went: everything the receipt says beyond the terms."""

    vault_items: int = 0
    image_ids: dict[str, str] = field(default_factory=dict)
    container_runtime: str = ""
    guard_verdicts: dict[str, int] = field(default_factory=dict)
    usage: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ending:
    """How a run ends. `output` is empty unless it completed; `sentence` is empty unless it did not."""

    status: RunStatus
    facts: Facts = field(default_factory=Facts)
    output: str = ""
    code: FailureCode | None = None
    sentence: str = ""


def completed(output: str, facts: Facts) -> Ending:
    """The ending with an answer."""
    return Ending(status=RunStatus.COMPLETED, facts=facts, output=output)


def failed(code: FailureCode, *, facts: Facts | None = None, sentence: str = "") -> Ending:
    """The ending without an answer."""
    status = RunStatus.CANCELLED if code is FailureCode.CANCELLED else RunStatus.FAILED
    text = (sentence or SENTENCES.get(code, "The run failed"))[:500]
    return Ending(status=status, facts=facts or Facts(), code=code, sentence=text)


def end(run: Run, ending: Ending, *, room_key: bytes | None) -> None:
    """Write the ending of a run that is in the state and under the fence of `run`.

    `room_key` seals the output and is needed only for a completed run. Raises StaleState when somebody else ended the
    run first; then nothing is written.
    """
    terms = RunTerms.from_json(run.terms)
    usage = charging.usage_of(run, ending.facts.usage)
    now = clock.now()
    values: dict[str, Any] = {
        "receipt": _signed(run, terms, ending),
        "usage": usage,
        "error": ending.sentence,
        "failure_code": ending.code or "",
        "handoff": {},
        "ended_at": now,
        "updated_at": now,
    }
    if ending.output:
        if room_key is None:
            raise ValueError("an output cannot be stored without the room's key")
        context = output_context(tenant_id=run.tenant_id, room_id=run.room_id, run_id=run.id)
        values["output_sealed"] = aead.seal(room_key, ending.output.encode("utf-8", "replace"), context=context)
    if not terms.keeps_prompt:
        values["prompt_sealed"] = b""
    with transaction.atomic():
        mine = Run.objects.filter(pk=run.pk, fence=run.fence)
        _lock(mine, run)
        values |= charging.settle(run, terms, usage)
        states.advance(mine, machine=transitions.RUN, before=run.status, after=ending.status, **values)
        unfinished = Stage.objects.filter(run_id=run.pk)
        unfinished.filter(status=StageStatus.EXECUTING).update(status=StageStatus.FAILED, ended_at=now)
        unfinished.filter(status=StageStatus.WAITING).update(status=StageStatus.SKIPPED)


def _lock(mine: QuerySet[Run], run: Run) -> None:
    """Lock the run before its money: whoever stops runs locks them too, and accounts after them."""
    if not list(mine.filter(status=run.status).select_for_update(no_key=True).values_list("pk")):
        raise states.StaleState(f"{run.pk}: not {run.status} any more")


def end_unclaimed(run_id: str, code: FailureCode = FailureCode.CANCELLED) -> bool:
    """End a run that no worker has claimed. False when a worker was faster."""
    run = Run.objects.filter(pk=run_id, status=RunStatus.PENDING).first()
    if run is None:
        return False
    try:
        end(run, failed(code), room_key=None)
    except states.StaleState:
        return False
    return True


def _signed(run: Run, terms: RunTerms, ending: Ending) -> str:
    """The record's text. A row too damaged to be signed still ends, without one, unless it would be an answer."""
    try:
        return PIN_V1.encode(_receipt(run, terms, ending)).decode("ascii")
    except ManifestError:
        if ending.status is RunStatus.COMPLETED:
            raise
        log.exception("a run ended without a receipt", extra={"run_id": run.pk})
        return ""


def _receipt(run: Run, terms: RunTerms, ending: Ending) -> dict[str, Any]:
    run_signer = signer.run_signer()
    facts = ending.facts
    mediator = terms.mediator
    body = RunBody(
        run_id=run.id,
        status="completed" if ending.status is RunStatus.COMPLETED else "failed",
        compose_hash=signer.compose_hash(),
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
        timestamp=int(clock.now().timestamp()),
        mediator_agent_id=mediator.agent_id if mediator else "",
        mediator_files_digest=mediator.files_digest if mediator else "",
        agents=tuple(_agent(role, stage, facts) for role, stage in terms.stages),
        client_nonce=terms.client_nonce or None,
        models={role: stage.model for role, stage in terms.stages} if terms.provider else {},
        container_runtime=facts.container_runtime,
        guard_verdicts=facts.guard_verdicts,
        signer_kind=run_signer.kind,
        usage={k: v for k, v in facts.usage.items() if isinstance(v, int)},
    )
    return sign_run(body, key=run_signer.key)


def _agent(role: str, stage: StageTerms, facts: Facts) -> RunAgent:
    return RunAgent(
        role=role,
        agent_id=stage.agent_id,
        source_sha256=stage.source_sha256,
        image_id=facts.image_ids.get(role, ""),
    )


def receipt_of(run: Run) -> dict[str, Any] | None:
    """The signed record as an object, None while there is none."""
    return json.loads(run.receipt) if run.receipt else None
