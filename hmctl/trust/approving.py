"""Whether the user approves of a proven build: by hash, by an earlier approval, by a pinned registry, or when asked."""

from dataclasses import dataclass, field
from typing import Final

from attestation.evidence.verifier import VerifiedEvidence
from attestation.policy.errors import BuildRefused
from hmctl.clock import Clock
from hmctl.errors import Declined, TrustRefused
from hmctl.io import Terminal, one_line
from hmctl.services import Service
from hmctl.trust import registry
from hmctl.trust.decide import Policy, ServiceTrust
from hmctl.trust.demands import Demands
from hmctl.trust.registry import RegistryAnswer, Verdict
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
    _answers: dict[tuple[str, str], RegistryAnswer] = field(default_factory=dict, repr=False)

    def require(self, policy: Policy, trust: ServiceTrust) -> None:
        """Returns when the user approves of the proven build, now or before (TrustRefused otherwise).

        A hash that the environment names was compared before; it decides alone. What a pinned registry refuses stays
        refused, whatever was approved before.
        """
        before = self.store.find(policy.service.url)
        if not policy.expected_compose:
            self._decide(policy, trust, before)
        self._record(policy, trust, before)

    def registered(self, service: Service, compose_hash: str) -> RegistryAnswer | None:
        """What the registry that the user pinned for this service says now; None without one. Asked once."""
        named = self.demands.of(service).registry
        if named is None:
            return None
        about = (service.url, compose_hash)
        if about not in self._answers:
            self._answers[about] = registry.lookup(named, compose_hash)
        return self._answers[about]

    def _decide(self, policy: Policy, trust: ServiceTrust, before: Approval | None) -> None:
        approved, answer = is_of(before, trust), self.registered(policy.service, trust.compose_hash)
        if answer is not None:
            if answer.verdict is Verdict.REFUSED:
                raise refusal(policy.service, answer)
            self._tell(policy.service, answer, approved=approved)
            approved = approved or answer.verdict is Verdict.APPROVED
        if not approved:
            self._ask(policy, trust, before)

    def _tell(self, service: Service, answer: RegistryAnswer, *, approved: bool) -> None:
        if not approved:
            self.terminal.say(f"registry of {service.url}: {answer.reason}")
        elif answer.verdict is Verdict.UNKNOWN:
            told = f"registry of {service.url} not checked: {answer.reason}; what you approved before holds"
            self.terminal.warn(told)

    def _ask(self, policy: Policy, trust: ServiceTrust, before: Approval | None) -> None:
        if self.approve_all:
            return
        changed = before is not None and before.compose_hash != trust.compose_hash
        self.terminal.block(describe(policy, trust, before))
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
        if is_of(before, trust):
            return
        self.store.approve(
            policy.service.url,
            compose_hash=trust.compose_hash,
            app_id=trust.app_id,
            certificate_sha256=trust.certificate_sha256,
            at=self.clock.now(),
        )


def is_of(approval: Approval | None, trust: ServiceTrust) -> bool:
    """Whether the approval is of the very build and application that are proven."""
    if approval is None:
        return False
    return (approval.compose_hash, approval.app_id) == (trust.compose_hash, trust.app_id)


def refusal(service: Service, answer: RegistryAnswer) -> TrustRefused:
    """The refusal of a build that the user's registry does not approve."""
    return TrustRefused(
        f"{service.url}: {answer.reason}",
        hint="Do not send anything to this service until the reason is known.",
        code="registry_refused",
        check="build registry",
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
    return "\n".join(f"{name + ':':<{width}}{one_line(value, width=2000)}" for name, value in facts)


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
