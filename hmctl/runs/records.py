"""Holding a run's signed record against what was asked and what came back."""

from dataclasses import dataclass
from typing import Final

from attestation import verifier
from attestation.digests import text_hash
from attestation.errors import KernelError
from attestation.manifests.room import AgentDigests
from attestation.manifests.run_record import had_row_policies
from attestation.verifier import RunExpectation, VerifiedRun
from hmctl.client import wire
from hmctl.client.wire import RunRow
from hmctl.errors import RecordRejected
from hmctl.rooms.opening import OpenedRoom
from hmctl.runs.asked import Asked
from hmctl.trust.decide import ServiceTrust, Standing

_COST: Final = "billing_cost_micro_usd"


@dataclass(frozen=True)
class Verdict:
    """A record that holds, and what that is worth. `is_proof` is False when the checks were switched off."""

    verified: VerifiedRun | None
    is_proof: bool
    explanation: str


def judge(row: RunRow, opened: OpenedRoom, asked: Asked) -> Verdict:
    """The verdict on an ended run, completed or failed alike (RecordRejected when the record does not hold).

    A completed run whose answer is withheld is verified without it. With the attestation checks switched off and
    no signer key to compare with, nothing is proven and the verdict says so.
    """
    skipped = opened.trust.standing is Standing.UNVERIFIED
    if skipped and not opened.trust.signer_pubkey_b64:
        return Verdict(None, False, opened.trust.explanation)
    try:
        verified = verifier.verify_run(row.record, expect=_expectation(row, opened, asked))
    except KernelError as problem:
        raise RecordRejected.because(problem, run_id=row.run_id) from problem
    _check_no_nonce(verified, asked)
    _check_own_agent(verified, asked, row)
    _check_pinned_agent(verified, opened, row)
    _check_row_policies(verified, opened, row)
    _check_cost(verified, row)
    explanation = opened.trust.explanation
    if not skipped:
        explanation = "the signed record fits room, terms, question, run and outcome"
        if not asked.prompt_hash:
            explanation = "the signed record fits room, terms, run and outcome; the question was not compared"
        if had_row_policies(verified.body):
            explanation += "; the query agent read through row policies"
        explanation += _worth_of_key(opened.trust)
    return Verdict(verified, not skipped, explanation)


def _worth_of_key(trust: ServiceTrust) -> str:
    """What has to be said about the key that signed, nothing where hardware names it."""
    if trust.standing is Standing.DEVELOPMENT:
        return " (development key: proves nothing about hardware)"
    if trust.evidence is None or trust.evidence.run_signer_pubkey_b64 is None:
        return " (by a key that is the service's own claim: no evidence names it)"
    return ""


def prompt_hash(question: str) -> str:
    """How a record names a question."""
    return text_hash(question)


def _expectation(row: RunRow, opened: OpenedRoom, asked: Asked) -> RunExpectation:
    completed = row.status == "completed"
    return RunExpectation(
        signer_pubkey_b64=opened.trust.signer_pubkey_b64,
        run_id=asked.run_id,
        room_id=opened.manifest.room_id,
        room_manifest_hash=asked.room_manifest_hash,
        status=row.status,
        prompt_hash=asked.prompt_hash or _claimed_prompt_hash(row),
        output=row.output if completed else row.output or "",
        error=None if row.is_redacted else row.error or "",
        compose_hash=opened.trust.compose_hash or None,
        client_nonce=asked.client_nonce or None,
        agents=_agents(opened, asked) if completed else None,
    )


def _agents(opened: OpenedRoom, asked: Asked) -> tuple[AgentDigests, ...] | None:
    if asked.room_manifest_hash != opened.verified.manifest_hash:
        return None  # the terms were signed anew since; their digests are not those of this run
    expected = list(opened.manifest.agents)
    if asked.query_source_sha256 and expected:
        own = AgentDigests("query", asked.query_agent_id, asked.query_source_sha256, asked.query_files_sha256)
        expected.append(own)
    return tuple(expected) or None


def _claimed_prompt_hash(row: RunRow) -> str:
    body = wire.obj(row.record, "body") if isinstance(row.record, dict) else {}
    return wire.text(body, "prompt_hash")


def _check_cost(verified: VerifiedRun, row: RunRow) -> None:
    """The cost that is shown is the one that was signed, where both are told."""
    signed, shown = (wire.whole(*told) for told in ((verified.body, "cost_micro_usd"), (row.raw, _COST)))
    if signed is not None and shown is not None and signed != shown:
        raise RecordRejected(
            "The service says that the run cost something else than was signed.", run_id=row.run_id, code="cost_differs"
        )


def _check_row_policies(verified: VerifiedRun, opened: OpenedRoom, row: RunRow) -> None:
    if not opened.manifest.require_row_policies or row.status != "completed":
        return
    if not had_row_policies(verified.body):
        raise RecordRejected(
            "The room demands row policies, and this run was answered without any.",
            run_id=row.run_id,
            code="row_policies_missing",
            check="row policies",
        )


def _check_no_nonce(verified: VerifiedRun, asked: Asked) -> None:
    """A question that went without a nonce has a record without one; otherwise it is the record of another question."""
    if asked.asked_at and not asked.client_nonce and verified.body.get("client_nonce"):
        raise RecordRejected(
            "The record was made for another request: an old answer may have been replayed.",
            run_id=asked.run_id,
            code="nonce_differs",
        )


def _check_own_agent(verified: VerifiedRun, asked: Asked, row: RunRow) -> None:
    if not asked.query_files_sha256 or row.status != "completed":
        return
    body = verified.body
    signed = (body.get("query_agent_id"), body.get("query_files_digest"))
    if signed != (asked.query_agent_id, asked.query_files_sha256):
        raise RecordRejected(
            "Another query agent ran than the one that was uploaded.", run_id=row.run_id, code="query_agent_differs"
        )


def _check_pinned_agent(verified: VerifiedRun, opened: OpenedRoom, row: RunRow) -> None:
    demanded = opened.pinned_files_sha256
    if not demanded or row.status != "completed":
        return
    if verified.body.get("scope_attested_files_digest") != demanded:
        raise RecordRejected(
            "Another scope agent ran than the one that your compose pin names.",
            run_id=row.run_id,
            code="pinned_agent_differs",
            check="compose pin",
        )
