"""Who the signer is: the step from a key to a machine, or the plain statement that there is none."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from attestation import domains
from attestation.errors import CanonicalError, RunSignerDiffers, RunSignerUnknown
from attestation.evidence.bundle import NotReady, Ready, parse_bundle
from attestation.evidence.checks import CheckResult, Outcome, not_checked, verified
from attestation.evidence.collateral import parse_collateral
from attestation.evidence.report_data import SESSION
from attestation.evidence.roots import TrustRoot
from attestation.evidence.session import NONCE, EvidenceExpectation
from attestation.evidence.verifier import EvidencePolicy, VerifiedEvidence, verify_evidence
from attestation.manifests.run_record import SIGNER_DEVELOPMENT, evidence_hash
from attestation.policy.base import NotGiven
from attestation.receipts.document import Document
from attestation.receipts.errors import (
    CollateralMissing,
    DevelopmentSignerOnly,
    EvidenceDiffers,
    ReceiptInconsistent,
    ReceiptMalformed,
    SignerNotBound,
)

SIGNER: Final = "run signer"
EVIDENCE: Final = "evidence"
# Evidence that is kept for receipts answers this value. It shows whose key signs, not when the quote was made.
EVIDENCE_NONCE: Final = hashlib.sha256(domains.RECEIPT_EVIDENCE).digest()
_OFFLINE: Final = NotGiven("a receipt is checked without a connection")
_MADE_BEFORE: Final = "the quote was made when the service started or renewed it, not for this run"


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whose word counts. `signer_pubkey_b64` is a run-signer key that the caller verified elsewhere, or None.

    `at` is the unix time to judge the evidence at. `accept_development` takes the operator's word for it where
    there is no hardware.
    """

    at: int
    roots: TrustRoot
    policy: EvidencePolicy
    signer_pubkey_b64: str | None
    accept_development: bool


@dataclass(frozen=True)
class Bound:
    """What became of the signer. `evidence` is None when no hardware vouches for it."""

    evidence: VerifiedEvidence | None
    checks: tuple[CheckResult, ...]


def bind_signer(document: Document, signer_pubkey_b64: str, *, trust: Trust) -> Bound:
    """Holds the key that signed against the evidence and against the key that the caller knows.

    Raises RunSignerDiffers, RunSignerUnknown, DevelopmentSignerOnly, EvidenceDiffers, CollateralMissing,
    SignerNotBound, and whatever `verify_evidence` refuses with.
    """
    if trust.signer_pubkey_b64 is not None and trust.signer_pubkey_b64 != signer_pubkey_b64:
        raise RunSignerDiffers
    if document.evidence is None:
        if document.body.get("evidence_sha256"):
            return _known(trust, not_checked(EVIDENCE, "the receipt does not hold the evidence that the record names"))
        return _known(trust, not_checked(EVIDENCE, "the receipt holds none"))
    named = _check_named(document.evidence, document.body)
    bundle = parse_bundle(document.evidence)
    if isinstance(bundle, NotReady):
        return _without_hardware(bundle, document.body, signer_pubkey_b64, trust=trust, named=named)
    proven = _verify(bundle, document, trust=trust)
    if proven.run_signer_pubkey_b64 is None:
        if trust.signer_pubkey_b64 is None:
            raise SignerNotBound
        return Bound(proven, (named, *_told(proven), verified(SIGNER, "the key that was given")))
    if proven.run_signer_pubkey_b64 != signer_pubkey_b64:
        raise RunSignerDiffers
    return Bound(proven, (named, *_told(proven), verified(SIGNER, "the key that the quote names")))


def _known(trust: Trust, account: CheckResult) -> Bound:
    if trust.signer_pubkey_b64 is None:
        raise RunSignerUnknown
    return Bound(None, (account, verified(SIGNER, "the key that was given")))


def _check_named(evidence: Mapping[str, Any], body: Mapping[str, Any]) -> CheckResult:
    named = body.get("evidence_sha256")
    if not named:
        return not_checked(EVIDENCE, "the record does not say which evidence it stands on")
    try:
        if evidence_hash(evidence) != named:
            raise EvidenceDiffers
    except CanonicalError as error:
        raise ReceiptMalformed from error
    return verified(EVIDENCE, "the one that the record names")


def _without_hardware(
    bundle: NotReady, body: Mapping[str, Any], signer_pubkey_b64: str, *, trust: Trust, named: CheckResult
) -> Bound:
    if bundle.development is None:
        return _known(trust, named)
    if body.get("signer_kind") != SIGNER_DEVELOPMENT:
        raise ReceiptInconsistent("signer_kind")
    if bundle.development.run_signer_pubkey_b64 != signer_pubkey_b64:
        raise RunSignerDiffers
    if trust.signer_pubkey_b64 is not None:
        return Bound(None, (named, verified(SIGNER, "the key that was given; no hardware vouches for it")))
    if not trust.accept_development:
        raise DevelopmentSignerOnly
    return Bound(None, (named, not_checked(SIGNER, "development signer: proves nothing about hardware")))


def _verify(bundle: Ready, document: Document, *, trust: Trust) -> VerifiedEvidence:
    if document.collateral is None:
        raise CollateralMissing
    # A claim, which the verdict holds against the quote: it only chooses what to compare with.
    answers = bundle.report_data_version == SESSION
    return verify_evidence(
        bundle,
        expect=EvidenceExpectation(nonce=EVIDENCE_NONCE if answers else _OFFLINE, tls_cert_sha256=_OFFLINE),
        collateral=parse_collateral(json.dumps(document.collateral).encode()),
        at=trust.at,
        roots=trust.roots,
        policy=trust.policy,
    )


def _told(proven: VerifiedEvidence) -> tuple[CheckResult, ...]:
    """The account of the evidence. An answer to a value that everybody knows shows nothing about the time."""
    return tuple(
        not_checked(NONCE, _MADE_BEFORE) if check.name == NONCE and check.outcome is Outcome.VERIFIED else check
        for check in proven.checks
    )
