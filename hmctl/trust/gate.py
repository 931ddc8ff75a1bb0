"""The gate before every credential: fetch the evidence, decide, say once what was decided."""

from attestation.errors import VerificationError
from attestation.evidence.bundle import NotReady, Ready, parse_bundle
from hmctl.client.v1 import V1
from hmctl.errors import BadAnswer, HmctlError, HttpFailed, TransportFailed, TrustRefused
from hmctl.io import Terminal
from hmctl.trust import decide
from hmctl.trust.decide import Policy, Prove, ServiceTrust, Standing


def admit(client: V1, policy: Policy, *, timeout_seconds: float, prove: Prove = decide.cannot_prove) -> ServiceTrust:
    """The trust in the client's service; TrustRefused if there is not enough.

    Sends no credential. With the checks switched off, a service without readable evidence passes as one that
    claims nothing.
    """
    try:
        evidence = fetch(client, timeout_seconds=timeout_seconds)
    except TransportFailed as problem:
        if policy.skip or policy.service.is_loopback:
            raise
        raise _no_evidence(policy, problem) from None
    except (HttpFailed, BadAnswer, TrustRefused) as problem:
        if policy.skip:
            evidence = NotReady(reason=problem.message, version="")
        elif policy.service.is_loopback:
            raise
        else:
            raise _no_evidence(policy, problem) from None
    return decide.decide(policy, evidence, prove=prove)


def fetch(client: V1, *, timeout_seconds: float) -> Ready | NotReady:
    """The service's claims, read but not believed (TrustRefused when they have another shape)."""
    answer = client.attestation(timeout_seconds=timeout_seconds)
    try:
        return parse_bundle(answer)
    except VerificationError as problem:
        raise TrustRefused(f"{client.transport.service.url}: {problem}", hint=problem.remedy) from problem


def announce(trust: ServiceTrust, terminal: Terminal) -> None:
    """Says on stderr when a command runs with less than verified hardware."""
    if trust.standing is Standing.DEVELOPMENT:
        terminal.alarm(f"DEVELOPMENT: {trust.explanation}")
    elif trust.standing is Standing.UNVERIFIED:
        terminal.alarm(
            "NOT VERIFIED: --dangerously-skip-attestations is in force; "
            "neither the service's hardware nor your acceptance of the room's terms is checked"
        )


def _no_evidence(policy: Policy, problem: HmctlError) -> TrustRefused:
    return TrustRefused(f"no evidence from {policy.service.url}: {problem.message}", hint=problem.hint)
