"""What a service's evidence is worth: a pure decision from a policy and the evidence offered.

Verification of a hardware quote is a parameter (`prove`), so the decision stays the same when the ways of
proving grow. What cannot be checked is refused, never waved through.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from attestation.errors import CouldNotCheck, VerificationError
from attestation.evidence.bundle import NotReady, Ready
from hmctl.errors import TrustRefused
from hmctl.services import Service
from hmctl.settings import Settings

_SKIP_HINT: Final = (
    "If you accept a service that proves nothing, repeat with --dangerously-skip-attestations before the command."
)


class Standing(StrEnum):
    """How far a service may be believed during one command."""

    VERIFIED = "verified"  # its hardware evidence was checked
    DEVELOPMENT = "development"  # it has none and says so; its signer key is taken at its word
    UNVERIFIED = "not verified"  # the user switched the checks off


@dataclass(frozen=True)
class Policy:
    """What the user demands of one service."""

    service: Service
    skip: bool = False
    allow_degraded: bool = False
    require_hardware: bool = False
    expected_compose: str = ""


@dataclass(frozen=True)
class ServiceTrust:
    """The outcome. Empty texts mean "not known"; `explanation` is one sentence for people."""

    standing: Standing
    signer_pubkey_b64: str
    compose_hash: str
    version: str
    explanation: str


@dataclass(frozen=True)
class Proven:
    """What verified evidence says about the running service."""

    compose_hash: str
    signer_pubkey_b64: str
    explanation: str


Prove = Callable[[Ready], Proven]


class EvidenceUnsupported(CouldNotCheck):
    """This client has no way to verify hardware evidence."""

    code = "evidence_unsupported"
    check = "hardware quote"
    sentence = "This client cannot verify the hardware evidence of the service yet."
    remedy = "Update hmctl."


def cannot_prove(evidence: Ready) -> Proven:
    """Refuses all hardware evidence (EvidenceUnsupported)."""
    raise EvidenceUnsupported


def policy_for(service: Service, settings: Settings) -> Policy:
    """The user's demands, from flags and environment."""
    return Policy(
        service=service,
        skip=settings.skip_attestations,
        allow_degraded=settings.allow_degraded,
        require_hardware=settings.require_hardware,
        expected_compose=settings.expected_compose,
    )


def decide(policy: Policy, evidence: Ready | NotReady, *, prove: Prove = cannot_prove) -> ServiceTrust:
    """How far to believe the service; TrustRefused when not far enough for the policy."""
    if policy.skip:
        return _unverified(evidence)
    if isinstance(evidence, NotReady):
        return _without_hardware(policy, evidence)
    if not policy.service.is_loopback and policy.service.scheme != "https":
        raise TrustRefused(
            f"{policy.service.url} is remote and not https: evidence and keys could be read or replaced on the way",
            hint="Use its https address.",
        )
    try:
        proven = prove(evidence)
    except VerificationError as problem:
        raise TrustRefused(f"{policy.service.url}: {problem}", hint=f"{problem.remedy} {_SKIP_HINT}") from problem
    if policy.expected_compose and proven.compose_hash != policy.expected_compose:
        raise TrustRefused(f"{policy.service.url} runs another build than HIVEMIND_TRUST_HASH names")
    return ServiceTrust(
        Standing.VERIFIED,
        proven.signer_pubkey_b64,
        proven.compose_hash,
        evidence.hivemind_version,
        proven.explanation,
    )


def _without_hardware(policy: Policy, evidence: NotReady) -> ServiceTrust:
    if policy.require_hardware or policy.expected_compose:
        raise TrustRefused(
            f"{policy.service.url} has no hardware evidence, which the environment demands",
            hint="Unset HIVEMIND_REQUIRE_DCAP, HIVEMIND_REQUIRE_TLS_PIN and HIVEMIND_TRUST_HASH for development.",
        )
    if not (policy.service.is_loopback or policy.allow_degraded):
        raise TrustRefused(f"{policy.service.url} does not prove what it runs: {_reason(evidence)}", hint=_SKIP_HINT)
    signer = evidence.development.run_signer_pubkey_b64 if evidence.development else ""
    where = "this machine" if policy.service.is_loopback else "a REMOTE service"
    return ServiceTrust(
        Standing.DEVELOPMENT,
        signer,
        "",
        evidence.version,
        f"{policy.service.url} ({where}) has no attested hardware; "
        "its signatures come from a development key and prove nothing about what runs there",
    )


def _unverified(evidence: Ready | NotReady) -> ServiceTrust:
    explanation = "not verified: attestation checks were switched off"
    if isinstance(evidence, Ready):
        signer, compose = evidence.run_signer_pubkey_b64, evidence.compose_hash.lower()
        return ServiceTrust(Standing.UNVERIFIED, signer, compose, evidence.hivemind_version, explanation)
    signer = evidence.development.run_signer_pubkey_b64 if evidence.development else ""
    return ServiceTrust(Standing.UNVERIFIED, signer, "", evidence.version, explanation)


def _reason(evidence: NotReady) -> str:
    return f"it says {evidence.reason[:160]!r}" if evidence.reason else "it is not ready"
