"""Ending a run: output, receipt, usage, settlement and terminal state together or not at all."""

import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from attestation.sealing import aead
from attestation.sealing.context import output_context
from hivemind.kit import clock, states
from runner import transitions
from runner.enums import FailureCode, RunStatus, StageStatus
from runner.models import Run, Stage
from runner.services import artifact_rows, charging, receipts
from runner.services.endings import SENTENCES, Ending, Facts, completed, failed
from runner.services.receipts import Account
from runner.terms import RunTerms

__all__ = ["SENTENCES", "Ending", "Facts", "completed", "end", "end_unclaimed", "failed", "receipt_of"]


def end(run: Run, ending: Ending, *, room_key: bytes | None) -> None:
    """Write the ending of a run that is in the state and under the fence of `run`.

    `room_key` seals the output and is needed only for a completed run. Raises StaleState when somebody else ended the
    run first; then nothing is written.
    """
    terms = RunTerms.from_json(run.terms)
    usage = charging.usage_of(run, ending.facts.usage)
    seal = receipts.prepare()
    now = clock.now()
    values: dict[str, Any] = {
        "evidence_sha256": seal.evidence_sha256,
        "usage": usage,
        "scope_enforcement": list(ending.facts.scope_enforcement),
        "row_policies_sha256": ending.facts.row_policies_sha256,
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
        _end_stages(run, at=now)
        artifact_rows.settle(run, completed=ending.status is RunStatus.COMPLETED)
        stages, artifacts = receipts.left_behind(run)
        billing = charging.settle(run, terms, usage)  # locks the payer's account: only the signature follows
        account = Account(stages, artifacts, usage, billing, now)
        values |= billing | {"receipt": receipts.sign(run, ending, account, seal=seal)}
        states.advance(mine, machine=transitions.RUN, before=run.status, after=ending.status, **values)


def _lock(mine: QuerySet[Run], run: Run) -> None:
    """Lock the run before its money: whoever stops runs locks them too, and accounts after them."""
    if not list(mine.filter(status=run.status).select_for_update(no_key=True).values_list("pk")):
        raise states.StaleState(f"{run.pk}: not {run.status} any more")


def _end_stages(run: Run, *, at: datetime) -> None:
    unfinished = Stage.objects.filter(run_id=run.pk)
    unfinished.filter(status=StageStatus.EXECUTING).update(status=StageStatus.FAILED, ended_at=at)
    unfinished.filter(status=StageStatus.WAITING).update(status=StageStatus.SKIPPED)


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


def receipt_of(run: Run) -> dict[str, Any] | None:
    """The signed record as an object, None while there is none."""
    return json.loads(run.receipt) if run.receipt else None
