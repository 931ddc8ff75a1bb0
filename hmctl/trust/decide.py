"""What a service's evidence is worth: pure decisions from the user's policy and what was proven.

Nothing here verifies anything. What cannot be decided in the service's favour is refused.
"""

from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from attestation.errors import VerificationError
from attestation.evidence.bundle import NotReady, Ready
from attestation.evidence.errors import ChannelNotBound, ComposeHashUnknown, EvidenceMissing
from attestation.policy.errors import BuildRefused, DevelopmentRefused
from hmctl.errors import TrustRefused
from hmctl.services import Service
from hmctl.settings import Settings

if TYPE_CHECKING:  # what verifies is loaded when there is something to verify
    from attestation.evidence.verifier import VerifiedEvidence
    from hmctl.trust.examine import Examined

_SKIP_HINT: Final = (
    "If you accept a service that proves nothing, repeat with --dangerously-skip-attestations before the command."
)


class Standing(StrEnum):
    """How far a service may be believed during one command."""

    VERIFIED = "verified"  # its hardware evidence was checked, and its build is approved
    DEVELOPMENT = "development"  # it has no hardware and says so; what it signs proves nothing about what runs
    DEGRADED = "degraded"  # remote, without evidence that binds this connection, and the user tolerates that
    UNVERIFIED = "not verified"  # the user switched the checks off


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """What the user puts up with for a service: evidence that binds neither nonce nor connection; development."""

    unbound: bool = False
    development: bool = False


@dataclass(frozen=True)
class Policy:
    """What the user demands of one service, and puts up with."""

    service: Service
    skip: bool = False
    allow_degraded: bool = False
    accept_development: bool = False
    require_hardware: bool = False
    require_channel: bool = False
    expected_compose: str = ""

    @property
    def tolerance(self) -> Tolerance:
        """What an examination may leave out."""
        development = self.service.is_loopback or self.accept_development
        return Tolerance(
            unbound=self.allow_degraded and not self.require_hardware,
            development=development and not self.require_hardware,
        )


@dataclass(frozen=True)
class ServiceTrust:
    """The outcome. Empty texts mean "not known"; `explanation` is one sentence for people.

    Signer and build come from `evidence` when there is any. `certificate_sha256` (hex) is the certificate that
    the evidence names.
    """

    standing: Standing
    signer_pubkey_b64: str
    compose_hash: str
    version: str
    explanation: str
    _: KW_ONLY
    app_id: str = ""
    evidence: "VerifiedEvidence | None" = None
    certificate_sha256: str = ""


def policy_for(service: Service, settings: Settings) -> Policy:
    """The user's demands, from flags and environment."""
    return Policy(
        service=service,
        skip=settings.skip_attestations,
        allow_degraded=settings.allow_degraded,
        accept_development=settings.accept_development,
        require_hardware=settings.require_hardware,
        require_channel=settings.require_channel,
        expected_compose=settings.expected_compose,
    )


def with_evidence(policy: Policy, examined: "Examined") -> ServiceTrust:
    """The standing of a service whose evidence holds; TrustRefused for another build than HIVEMIND_TRUST_HASH names.

    Whether the user approves of the build is still to be found out, unless this is development.
    """
    evidence, url = examined.evidence, policy.service.url
    if examined.development and not policy.tolerance.development:
        raise refusal(policy, DevelopmentRefused())
    if policy.require_channel and not examined.certificate_sha256:
        raise refusal(policy, ChannelNotBound())
    if evidence.machine.compose is None:
        raise refusal(policy, ComposeHashUnknown())
    compose_hash = evidence.machine.compose.value
    if policy.expected_compose and compose_hash != policy.expected_compose:
        raise TrustRefused.because(BuildRefused(), url, hint="HIVEMIND_TRUST_HASH names another build.")
    standing = Standing.DEGRADED if examined.unbound else Standing.VERIFIED
    if examined.development:
        standing = Standing.DEVELOPMENT
    return ServiceTrust(
        standing,
        evidence.run_signer_pubkey_b64 or examined.bundle.run_signer_pubkey_b64,
        compose_hash,
        evidence.app_version,
        _explanation(policy, examined, standing, compose_hash),
        app_id=evidence.machine.facts.app_id if evidence.machine.facts else "",
        evidence=evidence,
        certificate_sha256=examined.certificate_sha256,
    )


def without_evidence(policy: Policy, claims: NotReady) -> ServiceTrust:
    """The standing of a service that has no evidence; TrustRefused when that is not enough."""
    service = policy.service
    if policy.require_hardware or policy.expected_compose:
        raise TrustRefused(
            f"{service.url} has no hardware evidence, which the environment demands",
            hint="Unset HIVEMIND_REQUIRE_DCAP, HIVEMIND_REQUIRE_TLS_PIN and HIVEMIND_TRUST_HASH for development.",
            code=EvidenceMissing.code,
            check=EvidenceMissing.check,
        )
    if not (service.is_loopback or policy.allow_degraded):
        raise TrustRefused(
            f"{service.url} does not prove what it runs: {_reason(claims)}",
            hint=_SKIP_HINT,
            code=EvidenceMissing.code,
            check=EvidenceMissing.check,
        )
    signer = claims.development.run_signer_pubkey_b64 if claims.development else ""
    where = "this machine" if service.is_loopback else "a REMOTE service"
    return ServiceTrust(
        Standing.DEVELOPMENT if service.is_loopback else Standing.DEGRADED,
        signer,
        "",
        claims.version,
        f"{service.url} ({where}) has no attested hardware; "
        "its signatures come from a development key and prove nothing about what runs there",
    )


def unverified(claims: Ready | NotReady) -> ServiceTrust:
    """The standing of a service that nobody checked, with its own claims."""
    explanation = "not verified: attestation checks were switched off"
    if isinstance(claims, Ready):
        signer, compose = claims.run_signer_pubkey_b64, claims.compose_hash.lower()
        return ServiceTrust(Standing.UNVERIFIED, signer, compose, claims.hivemind_version, explanation)
    signer = claims.development.run_signer_pubkey_b64 if claims.development else ""
    return ServiceTrust(Standing.UNVERIFIED, signer, "", claims.version, explanation)


def proven_build(service: Service, trust: ServiceTrust) -> str | None:
    """The compose hash that evidence of this very session proves, None if none does; a claim is none.

    Anybody can make development evidence, so it counts on this machine alone.
    """
    counts = trust.standing is Standing.VERIFIED or (trust.standing is Standing.DEVELOPMENT and service.is_loopback)
    return trust.compose_hash.lower() or None if counts else None


def needs_authority(policy: Policy, trust: ServiceTrust) -> bool:
    """Whether somebody else has to vouch for the certificate, because no evidence that means anything names it.

    Anybody can make a development root, so what it binds is no answer to who is at the other end.
    """
    return not policy.service.is_loopback and trust.standing is not Standing.VERIFIED


def refusal(policy: Policy, problem: VerificationError) -> TrustRefused:
    """The refusal of the service because a check failed, or could not be made."""
    hint = problem.remedy
    if isinstance(problem, DevelopmentRefused) and not policy.require_hardware:
        hint = (
            "Use a service that runs in attested hardware. To develop against this one nevertheless, "
            "put --dangerously-accept-development-evidence before the command."
        )
    return TrustRefused.because(problem, policy.service.url, hint=hint)


def _explanation(policy: Policy, examined: "Examined", standing: Standing, compose_hash: str) -> str:
    url, build = policy.service.url, f"build {compose_hash[:12]}"
    if standing is Standing.DEVELOPMENT:
        return (
            f"{url} offers development evidence ({build}), made under a root that it names itself: "
            "it is well formed and proves nothing about hardware"
        )
    if standing is Standing.DEGRADED:
        return (
            f"{url} runs {build} in attested hardware, but its evidence leaves out: {', '.join(examined.unbound)}. "
            "It may be old or another machine's, and the key for signing runs is taken at the service's word"
        )
    left_out = ", ".join(examined.evidence.not_checked) or "nothing"
    return f"{url} proved {build} in attested hardware, for this request and connection; not checked: {left_out}"


def _reason(claims: NotReady) -> str:
    return f"it says {claims.reason[:160]!r}" if claims.reason else "it is not ready"
