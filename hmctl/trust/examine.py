"""One service's evidence, asked for and verified once: fresh nonce, this very connection, one root of trust.

What comes out is proven or an error says which check failed. Nothing secret is sent.
"""

import dataclasses
import secrets
from dataclasses import dataclass
from typing import Final

from attestation.errors import VerificationError
from attestation.evidence.bundle import NotReady, Ready, parse_bundle
from attestation.evidence.collateral import Collateral
from attestation.evidence.development_member import DevelopmentMember, parse_development_member
from attestation.evidence.errors import ChannelNotBound, NonceNotBound
from attestation.evidence.roots import IntelRoot, TrustRoot
from attestation.evidence.session import EvidenceExpectation
from attestation.evidence.verifier import EvidencePolicy, VerifiedEvidence, verify_evidence
from attestation.policy.base import NotGiven
from attestation.policy.errors import DevelopmentRefused
from hmctl.client import retries
from hmctl.client.channel import Channel
from hmctl.client.transport import JsonObject
from hmctl.client.v1 import V1
from hmctl.clock import Clock
from hmctl.trust.collateral import CollateralSource
from hmctl.trust.demands import Demands

_NONCE_BYTES: Final = 32
_PLAIN: Final = NotGiven("plain http to this machine")
_NO_NONCE: Final = NotGiven("the service answers no nonce, so the evidence may be an old one")
_NO_CHANNEL: Final = NotGiven("the evidence does not name the certificate of this connection")


@dataclass(frozen=True, kw_only=True)
class Means:
    """What evidence is examined with. `hardware` is the root that real machines lead to."""

    demands: Demands
    collateral: CollateralSource
    clock: Clock
    timeout_seconds: float
    hardware: TrustRoot = dataclasses.field(default_factory=IntelRoot)


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """What the user puts up with for a service: evidence that binds neither nonce nor connection; development."""

    unbound: bool = False
    development: bool = False


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


def examine(client: V1, channel: Channel, *, means: Means, tolerance: Tolerance) -> Examined | NotReady:
    """The service's proven evidence, or that it has none.

    Raises the VerificationError of the check that failed or could not be made, and the transport's errors.
    """
    nonce = b""

    def ask() -> JsonObject:
        nonlocal nonce
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return client.attestation(timeout_seconds=means.timeout_seconds, nonce=nonce.hex())

    answer = retries.call(ask, retry=retries.READ, clock=means.clock)
    bundle = parse_bundle(answer)
    if isinstance(bundle, NotReady):
        return bundle
    member = parse_development_member(answer)
    if member is not None and not tolerance.development:
        raise DevelopmentRefused
    seen = channel.seen
    expect = EvidenceExpectation(nonce=nonce, tls_cert_sha256=_PLAIN if seen is None else seen)
    return _Examination(client, means, bundle, member).verify(expect, unbound_is_tolerable=tolerance.unbound)


@dataclass(frozen=True)
class _Examination:
    client: V1
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
        service = self.client.transport.service
        if self.member is not None:
            policy = self.means.demands.policy(service, development=True)
            return self.member.root, self.member.collateral, policy
        policy = self.means.demands.policy(service, development=False)
        return self.means.hardware, self.means.collateral.find(self.bundle.quote), policy


def _without(expect: EvidenceExpectation, missing: VerificationError) -> EvidenceExpectation:
    if isinstance(missing, NonceNotBound):
        return dataclasses.replace(expect, nonce=_NO_NONCE)
    return dataclasses.replace(expect, tls_cert_sha256=_NO_CHANNEL)
