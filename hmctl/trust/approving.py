"""Whether the user approves of a proven build: by hash, by an earlier approval, by a pinned registry, or when asked."""

from dataclasses import dataclass
from typing import Final

from attestation.evidence.verifier import VerifiedEvidence
from attestation.policy.errors import BuildRefused
from hmctl.clock import Clock
from hmctl.errors import Declined, TrustRefused
from hmctl.io import Terminal
from hmctl.trust import registry
from hmctl.trust.decide import Policy, ServiceTrust
from hmctl.trust.demands import Demands
from hmctl.trust.registry import Registry, Verdict
from hmctl.trust.store import Approval, TrustStore

_CHECK: Final = "build approval"


@dataclass(frozen=True, kw_only=True)
class Approvals:
    """The user's earlier decisions and the ways to a new one. `approve_all` answers the question with yes."""

    store: TrustStore
    demands: Demands
    terminal: Terminal
    clock: Clock
    approve_all: bool

    def require(self, policy: Policy, trust: ServiceTrust) -> None:
        """Returns when the user approves of the proven build, now or before (TrustRefused otherwise).

        A hash that the environment names was compared before; it decides alone.
        """
        before = self.store.find(policy.service.url)
        if policy.expected_compose:
            self._record(policy, trust, before)
            return
        if before and (before.compose_hash, before.app_id) == (trust.compose_hash, trust.app_id):
            return
        named = self.demands.of(policy.service).registry
        if not (named and self._is_registered(policy, trust, named)):
            self._ask(policy, trust, before)
        self._record(policy, trust, before)

    def _is_registered(self, policy: Policy, trust: ServiceTrust, named: Registry) -> bool:
        """Whether the registry that the user named approves; False if it cannot tell, TrustRefused if it refuses."""
        answer = registry.lookup(named, trust.compose_hash)
        if answer.verdict is Verdict.REFUSED:
            raise TrustRefused(
                f"{policy.service.url}: {answer.reason}",
                hint="Do not send anything to this service until the reason is known.",
                code="registry_refused",
                check="build registry",
            )
        self.terminal.say(f"registry of {policy.service.url}: {answer.reason}")
        return answer.verdict is Verdict.APPROVED

    def _ask(self, policy: Policy, trust: ServiceTrust, before: Approval | None) -> None:
        if self.approve_all:
            return
        changed = before is not None and before.compose_hash != trust.compose_hash
        self.terminal.say(describe(policy, trust, before))
        question = "Approve the new build?" if changed else "Approve this build?"
        try:
            self.terminal.confirm(question, otherwise="")
        except Declined as answer:
            raise TrustRefused(
                f"{policy.service.url} runs a build that you have not approved: {answer.message}",
                hint=f"Approve it with `hmctl trust approve {policy.service.url}`.",
                code=BuildRefused.code,
                check=_CHECK,
            ) from None

    def _record(self, policy: Policy, trust: ServiceTrust, before: Approval | None) -> None:
        if before and (before.compose_hash, before.app_id) == (trust.compose_hash, trust.app_id):
            return
        self.store.approve(
            policy.service.url,
            compose_hash=trust.compose_hash,
            app_id=trust.app_id,
            certificate_sha256=trust.certificate_sha256,
            at=self.clock.now(),
        )


def describe(policy: Policy, trust: ServiceTrust, before: Approval | None) -> str:
    """What a person has to know to approve of a build: what was proven, and what was not checked."""
    facts = [("Service", policy.service.url), ("App", trust.app_id or "not told"), ("Build", trust.compose_hash)]
    if before and before.compose_hash != trust.compose_hash:
        facts.append(("Previously", before.compose_hash))
    if before and before.app_id != trust.app_id:
        facts.append(("App before", before.app_id or "not told"))
    if trust.evidence is not None:
        facts += _proven(trust.evidence)
    width = max(len(name) for name, _ in facts) + 2
    return "\n".join(f"{name + ':':<{width}}{value}" for name, value in facts)


def _proven(evidence: VerifiedEvidence) -> list[tuple[str, str]]:
    machine = evidence.machine
    stated = machine.facts.os_image_hash if machine.facts else None
    provider = machine.facts.key_provider if machine.facts else None
    advisories = ", ".join(machine.quote.advisory_ids)
    status = machine.quote.tcb_status.value + (f" ({advisories})" if advisories else "")
    left_out = [f"{check.name} ({check.detail})" for check in evidence.checks if check.name in evidence.not_checked]
    return [
        ("OS image", stated or "not told"),
        ("Keys from", f"{provider.kind.value} {provider.id.hex()[:32]}" if provider else "not told"),
        ("Firmware", status),
        ("Not checked", "; ".join(left_out) or "nothing was left out"),
    ]
