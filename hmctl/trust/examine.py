"""One service's evidence verified: for our nonce, for this very connection, under one root of trust.

What comes out is proven, or an error says which check failed.
"""

import dataclasses
from dataclasses import dataclass
from typing import Final

from attestation.errors import VerificationError
from attestation.evidence.bundle import NotReady, Ready
from attestation.evidence.collateral import Collateral
from attestation.evidence.development_member import DevelopmentMember, parse_development_member
from attestation.evidence.errors import ChannelNotBound, EvidenceMissing, NonceNotBound
from attestation.evidence.roots import IntelRoot, TrustRoot
from attestation.evidence.session import EvidenceExpectation
from attestation.evidence.verifier import EvidencePolicy, VerifiedEvidence, verify_evidence
from attestation.policy.base import NotGiven
from attestation.policy.errors import DevelopmentRefused
from hmctl.client.transport import Transport
from hmctl.clock import Clock
from hmctl.trust.collateral import CollateralSource
from hmctl.trust.decide import Tolerance
from hmctl.trust.demands import Demands
from hmctl.trust.offered import Offered

_PLAIN: Final = NotGiven("plain http to this machine")
_NO_NONCE: Final = NotGiven("the service answers no nonce, so the evidence may be an old one")
_NO_CHANNEL: Final = NotGiven("the evidence does not name the certificate of this connection")


@dataclass(frozen=True, kw_only=True)
class Means:
    """What evidence is examined with. `hardware` is the root that real machines lead to."""

    demands: Demands
    collateral: CollateralSource
    clock: Clock
    hardware: TrustRoot = dataclasses.field(default_factory=IntelRoot)


@dataclass(frozen=True, kw_only=True)
class Examined:
    """Evidence that holds. Only `evidence` may be believed; `bundle` is what it was read from.

    `unbound` names what had to be left out because the service cannot bind it and the user tolerates that.
    `certificate_sha256` (hex) is the certificate that the evidence names, empty when it names none.
    """

    evidence: VerifiedEvidence
    bundle: Ready
    development: bool
    unbound: tuple[str, ...] = ()
    certificate_sha256: str = ""


def examine(offered: Offered, transport: Transport, *, means: Means, tolerance: Tolerance) -> Examined:
    """The proven evidence behind an answer that came over this transport.

    Raises the VerificationError of the check that failed or could not be made.
    """
    bundle = offered.claims
    if isinstance(bundle, NotReady):
        raise EvidenceMissing
    member = parse_development_member(offered.answer)
    if member is not None and not tolerance.development:
        raise DevelopmentRefused
    seen = transport.channel.seen
    expect = EvidenceExpectation(nonce=offered.nonce, tls_cert_sha256=_PLAIN if seen is None else seen)
    return _Examination(transport, means, bundle, member).verify(expect, unbound_is_tolerable=tolerance.unbound)


@dataclass(frozen=True)
class _Examination:
    transport: Transport
    means: Means
    bundle: Ready
    member: DevelopmentMember | None

    def verify(self, expect: EvidenceExpectation, *, unbound_is_tolerable: bool) -> Examined:
        """Verifies with all that is expected; leaves out what the evidence says nothing about, if that is tolerable."""
        unbound: list[str] = []
        while True:
            try:
                evidence = self._verify(expect)
                break
            except (NonceNotBound, ChannelNotBound) as missing:
                if not unbound_is_tolerable or missing.check in unbound:
                    raise
                unbound.append(missing.check)
                expect = _without(expect, missing)
        bound = expect.tls_cert_sha256
        return Examined(
            evidence=evidence,
            bundle=self.bundle,
            development=evidence.development,
            unbound=tuple(unbound),
            certificate_sha256=bound.hex() if isinstance(bound, bytes) else "",
        )

    def _verify(self, expect: EvidenceExpectation) -> VerifiedEvidence:
        root, collateral, policy = self._ground()
        return verify_evidence(
            self.bundle,
            expect=expect,
            collateral=collateral,
            at=int(self.means.clock.now()),
            roots=root,
            policy=policy,
        )

    def _ground(self) -> tuple[TrustRoot, Collateral, EvidencePolicy]:
        service = self.transport.service
        if self.member is not None:
            policy = self.means.demands.policy(service, development=True)
            return self.member.root, self.member.collateral, policy
        policy = self.means.demands.policy(service, development=False)
        return self.means.hardware, self.means.collateral.find(self.bundle.quote), policy


def _without(expect: EvidenceExpectation, missing: VerificationError) -> EvidenceExpectation:
    if isinstance(missing, NonceNotBound):
        return dataclasses.replace(expect, nonce=_NO_NONCE)
    return dataclasses.replace(expect, tls_cert_sha256=_NO_CHANNEL)
