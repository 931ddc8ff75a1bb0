"""The gate before every secret: examine the evidence, decide, hold the build against the user's approvals.

What verifies is loaded when a service offers something to verify, so that others are not slowed by it.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from attestation.errors import VerificationError
from attestation.evidence.bundle import NotReady, parse_bundle
from attestation.evidence.errors import EvidenceMissing
from hmctl import files
from hmctl.client.v1 import V1
from hmctl.clock import Clock
from hmctl.errors import BadAnswer, HmctlError, HttpFailed, TransportFailed, TrustRefused
from hmctl.io import Terminal
from hmctl.settings import TRUST_POLICY, Settings
from hmctl.trust import decide, offered
from hmctl.trust.decide import Policy, ServiceTrust, Standing
from hmctl.trust.store import TrustStore

if TYPE_CHECKING:
    from attestation.evidence.roots import TrustRoot
    from hmctl.trust.approving import Approvals
    from hmctl.trust.demands import Demands
    from hmctl.trust.examine import Examined, Means


class Gate:
    """The gate of one command. Each service is examined once. `hardware` None means the maker's root."""

    def __init__(
        self,
        chosen: Settings,
        *,
        clock: Clock,
        terminal: Terminal,
        store: TrustStore,
        hardware: "TrustRoot | None" = None,
    ) -> None:
        self._settings = chosen
        self._clock = clock
        self._terminal = terminal
        self._store = store
        self._hardware = hardware
        self._examined: dict[str, Examined | NotReady] = {}

    @cached_property
    def demands(self) -> "Demands":
        """What the user demands of services (StoreDamaged when that cannot be read)."""
        from hmctl.trust import demands

        return demands.load(self._settings.home)

    @cached_property
    def approvals(self) -> "Approvals":
        """The user's decisions about builds."""
        from hmctl.trust.approving import Approvals

        return Approvals(
            store=self._store,
            demands=self.demands,
            terminal=self._terminal,
            clock=self._clock,
            approve_all=self._settings.trust_all,
        )

    def admit(self, client: V1, policy: Policy) -> ServiceTrust:
        """The trust in the client's service; TrustRefused if there is not enough.

        Sends no secret. With the checks switched off, a service without readable evidence passes as one that
        claims nothing. After it the client speaks only to the other side that was examined.
        """
        if policy.skip:
            return self._unchecked(client, policy)
        found = self.examine(client, policy)
        if isinstance(found, NotReady):
            self._refuse_what_is_demanded(policy)
            trust = decide.without_evidence(policy, found)
        else:
            trust = decide.with_evidence(policy, found)
        if decide.needs_authority(policy, trust):
            client.transport.require_authority()
            client.healthz()  # the handshake that has to succeed before anybody is asked or told anything
        if trust.evidence is not None and trust.standing is not Standing.DEVELOPMENT:
            self.approvals.require(policy, trust)
        return trust

    def examine(self, client: V1, policy: Policy) -> "Examined | NotReady":
        """The service's evidence after verification (TrustRefused when it fails or nothing can be checked)."""
        url = policy.service.url
        if url not in self._examined:
            try:
                self._examined[url] = self._verified(client, policy)
            except VerificationError as problem:
                raise decide.refusal(policy, problem) from problem
            except (TransportFailed, HttpFailed, BadAnswer) as problem:
                if policy.service.is_loopback:
                    raise
                raise _no_evidence(policy, problem) from None
        return self._examined[url]

    def _refuse_what_is_demanded(self, policy: Policy) -> None:
        """A service without evidence meets no demand that the user has on this very service."""
        if not files.is_there(self._settings.home / TRUST_POLICY):
            return
        demanded = self.demands.of(policy.service)
        if demanded.app_id or demanded.registry:
            raise decide.refusal(policy, EvidenceMissing())

    def _verified(self, client: V1, policy: Policy) -> "Examined | NotReady":
        seconds = self._settings.evidence_timeout_seconds
        made = offered.ask(client, clock=self._clock, timeout_seconds=seconds)
        if isinstance(made.claims, NotReady):
            return made.claims
        from hmctl.trust import examine

        return examine.examine(made, client.transport, means=self._means, tolerance=policy.tolerance)

    @cached_property
    def _means(self) -> "Means":
        from attestation.evidence.roots import IntelRoot
        from hmctl.trust.collateral import CollateralSource
        from hmctl.trust.examine import Means

        source = CollateralSource(
            self._settings.home,
            clock=self._clock,
            supplied=self._settings.collateral_file,
            pccs_url=self._settings.pccs_url or self.demands.pccs_url,
        )
        root = self._hardware or IntelRoot()
        return Means(demands=self.demands, collateral=source, clock=self._clock, hardware=root)

    def _unchecked(self, client: V1, policy: Policy) -> ServiceTrust:
        if not policy.service.is_loopback:
            client.transport.require_authority()
        try:
            claims = parse_bundle(client.attestation(timeout_seconds=self._settings.evidence_timeout_seconds))
        except (HttpFailed, BadAnswer, VerificationError) as problem:
            claims = NotReady(reason=str(problem), version="")
        return decide.unverified(claims)


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
