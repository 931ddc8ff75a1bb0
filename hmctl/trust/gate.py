"""The gate before every secret: examine the evidence, decide, hold the build against the user's approvals."""

from dataclasses import dataclass

from attestation.errors import VerificationError
from attestation.evidence.bundle import NotReady, Ready, parse_bundle
from hmctl.client.v1 import V1
from hmctl.errors import BadAnswer, HmctlError, HttpFailed, TransportFailed, TrustRefused
from hmctl.io import Terminal
from hmctl.trust import decide, examine
from hmctl.trust.approving import Approvals
from hmctl.trust.decide import Policy, ServiceTrust, Standing
from hmctl.trust.examine import Examined, Means


@dataclass(frozen=True)
class Gate:
    """The means of one command and the user's approvals."""

    means: Means
    approvals: Approvals

    def admit(self, client: V1, policy: Policy) -> ServiceTrust:
        """The trust in the client's service; TrustRefused if there is not enough.

        Sends no secret. With the checks switched off, a service without readable evidence passes as one that
        claims nothing. After it the client speaks only to the other side that was examined.
        """
        if policy.skip:
            return self._unchecked(client, policy)
        found = self.examine(client, policy)
        if isinstance(found, NotReady):
            trust = decide.without_evidence(policy, found)
        else:
            trust = decide.with_evidence(policy, found)
        if decide.needs_authority(policy, trust):
            client.transport.require_authority()
            client.healthz()  # the handshake that has to succeed before anybody is asked or told anything
        if trust.evidence is not None and trust.standing is not Standing.DEVELOPMENT:
            self.approvals.require(policy, trust)
        return trust

    def examine(self, client: V1, policy: Policy) -> Examined | NotReady:
        """The service's evidence after verification (TrustRefused when it fails or nothing can be checked)."""
        try:
            return examine.examine(client, client.transport.channel, means=self.means, tolerance=policy.tolerance)
        except VerificationError as problem:
            raise decide.refusal(policy, problem) from problem
        except (TransportFailed, HttpFailed, BadAnswer) as problem:
            if policy.service.is_loopback:
                raise
            raise _no_evidence(policy, problem) from None

    def _unchecked(self, client: V1, policy: Policy) -> ServiceTrust:
        if not policy.service.is_loopback:
            client.transport.require_authority()
        try:
            claims = fetch(client, timeout_seconds=self.means.timeout_seconds)
        except TransportFailed:
            raise
        except (HttpFailed, BadAnswer, TrustRefused) as problem:
            if client.transport.channel.seen is None and policy.service.scheme == "https":
                raise  # no handshake succeeded
            claims = NotReady(reason=problem.message, version="")
        return decide.unverified(claims)


def fetch(client: V1, *, timeout_seconds: float) -> Ready | NotReady:
    """The service's claims, read but not believed (TrustRefused when they have another shape)."""
    answer = client.attestation(timeout_seconds=timeout_seconds)
    try:
        return parse_bundle(answer)
    except VerificationError as problem:
        raise TrustRefused.because(problem, client.transport.service.url) from problem


def announce(trust: ServiceTrust, terminal: Terminal) -> None:
    """Says on stderr when a command runs with less than verified hardware."""
    if trust.standing is Standing.DEVELOPMENT:
        terminal.alarm(f"DEVELOPMENT: {trust.explanation}")
    elif trust.standing is Standing.DEGRADED:
        terminal.alarm(f"DEGRADED: {trust.explanation}")
    elif trust.standing is Standing.UNVERIFIED:
        terminal.say(
            "--dangerously-skip-attestations is in force; "
            "neither the service's hardware nor your acceptance of the room's terms is checked"
        )
    else:
        terminal.trace(trust.explanation)


def _no_evidence(policy: Policy, problem: HmctlError) -> TrustRefused:
    return TrustRefused(
        f"no evidence from {policy.service.url}: {problem.message}",
        hint=problem.hint,
        code="evidence_unavailable",
        check="attestation bundle",
    )
