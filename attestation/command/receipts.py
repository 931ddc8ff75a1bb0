"""Checking a receipt that lies in a file, with answer, question and artifacts beside it. Opens no connection."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attestation.digests import sha256_hex
from attestation.encoding import unb64
from attestation.errors import CouldNotCheck, EncodingError, KernelError, VerificationError
from attestation.evidence.checks import CheckResult
from attestation.evidence.collateral import MAX_COLLATERAL_BYTES, parse_collateral
from attestation.evidence.platform import TcbStatus
from attestation.evidence.roots import DevelopmentRoot, IntelRoot, TrustRoot
from attestation.evidence.verifier import EvidencePolicy
from attestation.manifests.run_record import RunArtifact
from attestation.policy.base import NotGiven
from attestation.policy.tcb import TcbPolicy
from attestation.receipt import ReceiptExpectation, VerifiedReceipt, verify_receipt
from attestation.receipts.document import MAX_RECEIPT_BYTES, parse_receipt
from attestation.receipts.errors import ArtifactUnknown, DevelopmentSignerOnly, TextUnreadable

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_ROOT_BYTES = 16 * 1024
_NO_LIST = NotGiven("no list was given")


@dataclass(frozen=True, kw_only=True)
class Question:
    """A receipt's file and what its holder has besides it; None for what there is not."""

    receipt: Path
    answer: Path | None = None
    prompt: Path | None = None
    artifacts: Path | None = None
    collateral: Path | None = None
    root_ca: Path | None = None
    owner_pubkey_b64: str | None = None
    signer_pubkey_b64: str | None = None
    run_id: str | None = None
    client_nonce: str | None = None
    accept_development: bool = False


def check(question: Question, *, at: int) -> VerifiedReceipt:
    """The verdict at this unix time. Raises KernelError, and OSError for a file that cannot be read."""
    document = parse_receipt(_read(question.receipt, MAX_RECEIPT_BYTES))
    if question.collateral is not None and isinstance(document, dict):
        given = parse_collateral(_read(question.collateral, MAX_COLLATERAL_BYTES))
        document["collateral"] = json.loads(given.to_json())
    expect = ReceiptExpectation(
        owner_pubkey_b64=question.owner_pubkey_b64,
        signer_pubkey_b64=question.signer_pubkey_b64,
        accept_development=question.accept_development,
        run_id=question.run_id,
        client_nonce=question.client_nonce,
        prompt=_text(question.prompt),
        answer=_text(question.answer),
        artifacts=_artifacts(question.artifacts),
    )
    root = _root(question, document)
    return verify_receipt(document, expect=expect, at=at, roots=root, policy=_policy(root))


def as_failure(error: KernelError) -> dict[str, Any]:
    """Why nothing was proven, for programs."""
    told = {"code": error.code, "check": error.check, "message": str(error), "remedy": error.remedy}
    return {"verdict": "could_not_check" if is_undecided(error) else "refused", "error": told}


def is_undecided(error: KernelError) -> bool:
    """Whether the error says that there is no verdict, rather than that what was checked is bad."""
    return isinstance(error, CouldNotCheck) or not isinstance(error, VerificationError)


def as_json(verdict: VerifiedReceipt) -> dict[str, Any]:
    """What was proven, for programs."""
    return {"verdict": "verified", "checks": list(map(_check_json, verdict.checks)), "body": verdict.body}


def _check_json(result: CheckResult) -> dict[str, str]:
    return {"name": result.name, "outcome": result.outcome.value, "detail": result.detail}


def _policy(root: TrustRoot) -> EvidencePolicy:
    platform = TcbPolicy(
        allowed_statuses=frozenset({TcbStatus.UP_TO_DATE}),
        minimum_evaluation_number=0,
        allow_development=root.development,
    )
    return EvidencePolicy(platform=platform, os_image=_NO_LIST, build=_NO_LIST, app=_NO_LIST, key_provider=_NO_LIST)


def _root(question: Question, document: object) -> TrustRoot:
    """Intel's, unless another one was given, or whatever root a development machine shows was accepted.

    Raises DevelopmentSignerOnly for a development machine that was not accepted; its certificates would seem forged.
    """
    if question.root_ca is not None:
        return DevelopmentRoot(_read(question.root_ca, MAX_ROOT_BYTES))
    evidence = document.get("evidence") if isinstance(document, Mapping) else None
    shown = evidence.get("development") if isinstance(evidence, Mapping) else None
    if not isinstance(shown, Mapping) or "root_ca_der_b64" not in shown:
        return IntelRoot()
    if not question.accept_development:
        raise DevelopmentSignerOnly
    try:
        return DevelopmentRoot(unb64(str(shown["root_ca_der_b64"])))
    except EncodingError:
        return IntelRoot()


def _artifacts(folder: Path | None) -> tuple[RunArtifact, ...] | None:
    if folder is None:
        return None
    found = []
    for path in sorted(folder.iterdir()):
        if not path.is_file():
            raise ArtifactUnknown(path.name)
        data = _read(path, MAX_FILE_BYTES)
        found.append(RunArtifact(path.name, len(data), sha256_hex(data)))
    return tuple(found)


def _text(path: Path | None) -> str | None:
    try:
        return None if path is None else _read(path, MAX_FILE_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise TextUnreadable from error


def _read(path: Path, limit: int) -> bytes:
    """At most one byte more than `limit`, which every reader of these bytes refuses."""
    with path.open("rb") as file:
        return file.read(limit + 1)
