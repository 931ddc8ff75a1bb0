"""What an outsider sees of this service now: its own evidence, asked for and verified as every client does."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from attestation.encoding import unb64
from attestation.errors import CouldNotCheck, KernelError, VerificationError
from attestation.evidence.bundle import NotReady, Ready, parse_bundle
from attestation.evidence.checks import Outcome
from attestation.evidence.collateral import Collateral, Validity, parse_collateral
from attestation.evidence.platform import TcbStatus
from attestation.evidence.roots import DevelopmentRoot, IntelRoot, TrustRoot
from attestation.evidence.session import EvidenceExpectation
from attestation.evidence.verifier import EvidencePolicy, VerifiedEvidence, verify_evidence
from attestation.policy.base import NotGiven
from attestation.policy.tcb import TcbPolicy
from attestation.server.errors import EvidenceUnavailable
from attestation.server.services import collateral, evidence
from attestation.server.services.collateral import Unavailable
from hivemind.kit import clock

NONCE_BYTES: Final = 32
_VISITORS: Final = NotGiven("each visitor decides")
# What clients demand who demand nothing of their own. That a development root is shown for what it is, is said apart.
POLICY: Final = EvidencePolicy(
    platform=TcbPolicy(
        allowed_statuses=frozenset({TcbStatus.UP_TO_DATE}), minimum_evaluation_number=0, allow_development=True
    ),
    os_image=_VISITORS,
    build=_VISITORS,
    app=_VISITORS,
    key_provider=_VISITORS,
)
NOT_REACHED: Final = "not established: the verification stopped"
NO_CONNECTION: Final = NotGiven("asked from within; a client compares the certificate of its own connection")
# The order of the steps: with the first that fails, those of earlier lines have passed.
STEPS: Final = (
    ("attestation bundle",),
    ("quote layout",),
    ("debug mode",),
    ("collateral form", "collateral validity"),
    ("certificate chains",),
    ("quote signature", "collateral signature", "revocation", "tcb status"),
    ("platform policy", "advisories", "evaluation number", "root of trust"),
    ("event log",),
    ("configuration id", "compose hash"),
    ("report data", "app version", "nonce", "tls channel", "run signer and keys"),
    ("claims",),
    ("os image", "build", "app id", "key provider"),
    ("run signer chain",),
)
# Names that only failures have; a passed step is not listed under them.
_OF_FAILURES: Final = frozenset(
    {
        *("attestation bundle", "collateral form", "collateral signature", "advisories", "evaluation number"),
        *("root of trust", "configuration id", "report data", "claims", "run signer chain"),
    }
)


class Standing(Enum):
    """What the evidence came to."""

    VERIFIED = "verified"
    DEVELOPMENT = "development"
    FAILED = "failed"
    COULD_NOT_CHECK = "could not check"
    NOT_READY = "not ready"
    NONE = "none"


class Result(Enum):
    """What became of one check."""

    VERIFIED = "verified"
    NOT_CHECKED = "not checked"
    COULD_NOT_CHECK = "could not check"
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """One check by its name; `detail` is a remark, or the reason."""

    name: str
    result: Result
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Examination:
    """The verdict. `proven` is there only when everything held; `claimed` is the service's word until then."""

    standing: Standing
    reason: str = ""
    development: bool = False
    checks: tuple[Check, ...] = ()
    claimed: Ready | None = None
    proven: VerifiedEvidence | None = None
    statements_valid: Validity | None = None


def examine() -> Examination:
    """Ask for a fresh quote as the route does, and verify the answer. Never fails, and waits some seconds at most."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    if evidence.state() is None:
        return Examination(standing=Standing.NONE)
    try:
        return _judged(evidence.answer(nonce), nonce=nonce)
    except EvidenceUnavailable as error:
        return Examination(standing=Standing.NOT_READY, reason=str(error))


def _judged(answer: dict[str, Any], *, nonce: bytes) -> Examination:
    try:
        bundle = parse_bundle(answer)
    except VerificationError as error:
        return _failed(error, None, development=False)
    if isinstance(bundle, NotReady):
        return Examination(standing=Standing.NOT_READY, reason=bundle.reason)
    shown = answer.get("development")
    try:
        root, statements = _root(shown), _statements(shown, bundle)
    except KernelError as error:
        refusal = error if isinstance(error, VerificationError) else VerificationError(str(error))
        return _failed(refusal, bundle, development=shown is not None)
    if isinstance(statements, Unavailable):
        reason = statements.reason
        checks = (Check("collateral validity", Result.COULD_NOT_CHECK, reason),)
        return Examination(standing=Standing.COULD_NOT_CHECK, reason=reason, checks=checks, claimed=bundle)
    return _verified(bundle, statements, root=root, nonce=nonce)


def _root(shown: object) -> TrustRoot:
    """The maker's root, unless the answer itself says that it stands on one of the project's own."""
    if not isinstance(shown, Mapping):
        return IntelRoot()
    return DevelopmentRoot(unb64(str(shown.get("root_ca_der_b64", ""))))


def _statements(shown: object, bundle: Ready) -> Collateral | Unavailable:
    if isinstance(shown, Mapping):
        return parse_collateral(json.dumps(shown.get("collateral")).encode("utf-8"))
    return collateral.statements.find(bundle.quote)


def _verified(bundle: Ready, statements: Collateral, *, root: TrustRoot, nonce: bytes) -> Examination:
    try:
        proven = verify_evidence(
            bundle,
            expect=EvidenceExpectation(nonce=nonce, tls_cert_sha256=NO_CONNECTION),
            collateral=statements,
            at=int(clock.now().timestamp()),
            roots=root,
            policy=POLICY,
        )
        valid = statements.validity()
    except VerificationError as error:
        return _failed(error, bundle, development=root.development)
    made = tuple(
        Check(
            check.name,
            Result.VERIFIED if check.outcome is Outcome.VERIFIED else Result.NOT_CHECKED,
            check.detail,
        )
        for check in proven.checks
    )
    return Examination(
        standing=Standing.DEVELOPMENT if proven.development else Standing.VERIFIED,
        development=proven.development,
        checks=made,
        claimed=bundle,
        proven=proven,
        statements_valid=valid,
    )


def _failed(error: VerificationError, bundle: Ready | None, *, development: bool) -> Examination:
    """The account up to the step that failed: what came before it passed, what comes after was not made."""
    unknown = isinstance(error, CouldNotCheck)
    result = Result.COULD_NOT_CHECK if unknown else Result.FAILED
    at = next((number for number, names in enumerate(STEPS) if error.check in names), 0)
    checks = [Check(name, Result.VERIFIED) for name in _steps(0, at)]
    checks.append(Check(error.check, result, f"{error} ({error.code})"))
    later = [name for name in _steps(at, len(STEPS)) if name != error.check]
    checks += [Check(name, Result.NOT_CHECKED, NOT_REACHED) for name in later]
    return Examination(
        standing=Standing.COULD_NOT_CHECK if unknown else Standing.FAILED,
        reason=str(error),
        development=development,
        checks=tuple(checks),
        claimed=bundle,
    )


def _steps(first: int, end: int) -> list[str]:
    return [name for names in STEPS[first:end] for name in names if name not in _OF_FAILURES]
