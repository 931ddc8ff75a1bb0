"""Examining one service for a person to look at: the proven facts, every check, and the approval of its build.

Nothing is stored and no credential is sent, whatever comes out.
"""

from dataclasses import dataclass
from typing import Final

from attestation.evidence.bundle import NotReady
from attestation.evidence.errors import EvidenceMissing
from attestation.evidence.verifier import VerifiedEvidence
from hmctl.app import App
from hmctl.client.transport import JsonObject
from hmctl.errors import BadAnswer, HmctlError, HttpFailed, TransportFailed, TrustRefused
from hmctl.services import Service
from hmctl.trust import account, approving, decide
from hmctl.trust.account import Line, Outcome
from hmctl.trust.decide import ServiceTrust, Standing
from hmctl.trust.registry import Verdict
from hmctl.trust.store import Approval

NO_EVIDENCE: Final = "no evidence"
REFUSED: Final = "refused"
_APPROVAL: Final = "build approval"


@dataclass(frozen=True)
class Attested:
    """The outcome: `trust` when the evidence holds, `problem` when the service is refused.

    `claims` are there when the service has no evidence.
    """

    service: Service
    lines: tuple[Line, ...]
    trust: ServiceTrust | None = None
    problem: HmctlError | None = None
    claims: NotReady | None = None

    @property
    def verdict(self) -> str:
        """`verified`, `development`, `degraded`, `no evidence` or `refused`."""
        if self.trust is not None and self.problem is None:
            return str(self.trust.standing)
        return NO_EVIDENCE if self.claims is not None else REFUSED

    def as_json(self) -> JsonObject:
        """Everything at once. Members of `proven` are there only when they were proven."""
        problem = self.problem.as_json()["error"] if self.problem is not None else None
        proven = facts(self.trust) if self.trust is not None else {}
        return {
            "service": self.service.url,
            "verdict": self.verdict.replace(" ", "_"),
            "proven": dict(proven),
            "checks": [line.as_json() for line in self.lines],
            "error": problem,
        }


def attest(app: App, service: Service) -> Attested:
    """Examines the service now. A refusal is an outcome; only a service that does not answer raises.

    Raises TransportFailed, HttpFailed and BadAnswer, and StoreDamaged for a file that cannot be relied on.
    """
    policy = decide.policy_for(service, app.settings)
    try:
        found = app.examine(service)
        if isinstance(found, NotReady):
            return _without(service, found)
        trust = decide.with_evidence(policy, found)
    except TrustRefused as problem:
        if isinstance(problem.__context__, TransportFailed | HttpFailed | BadAnswer):
            raise problem.__context__ from None
        return Attested(service, tuple(account.of_refusal(problem)), problem=problem)
    lines = account.of_evidence(found.evidence)
    approval, refused = _approval(app, service, trust, number=len(lines) + 1)
    return Attested(service, (*lines, approval), trust=trust, problem=refused)


def facts(trust: ServiceTrust) -> dict[str, str]:
    """What the evidence proves, by name."""
    told = {
        "app_id": trust.app_id,
        "compose_hash": trust.compose_hash,
        "version": trust.version,
        "run_signer_pubkey_b64": (trust.evidence.run_signer_pubkey_b64 if trust.evidence else None) or "",
        "certificate_sha256": trust.certificate_sha256,
    }
    if trust.evidence is not None:
        told |= _machine(trust.evidence)
    return told


def _machine(evidence: VerifiedEvidence) -> dict[str, str]:
    quote, stated = evidence.machine.quote, evidence.machine.facts
    provider = stated.key_provider if stated else None
    return {
        "instance_id": (stated.instance_id if stated else None) or "",
        "os_image_hash": (stated.os_image_hash if stated else None) or "",
        "mrtd": quote.body.mr_td.hex(),
        "key_provider": f"{provider.kind.value} {provider.id.hex()}".strip() if provider else "",
        "tcb_status": quote.tcb_status.value,
        "advisories": ", ".join(quote.advisory_ids),
    }


def _without(service: Service, claims: NotReady) -> Attested:
    reason = f"it says: {claims.reason[:160]}" if claims.reason else "it gives no reason"
    problem = TrustRefused(
        f"{service.url} has no evidence of what it runs ({reason})",
        hint="Only a service in attested hardware can prove its build.",
        code=EvidenceMissing.code,
        check=EvidenceMissing.check,
    )
    return Attested(service, tuple(account.of_refusal(problem)), problem=problem, claims=claims)


def _approval(app: App, service: Service, trust: ServiceTrust, *, number: int) -> tuple[Line, TrustRefused | None]:
    if trust.standing is Standing.DEVELOPMENT:
        needless = "development evidence needs none and is worth none"
        return Line(number, _APPROVAL, Outcome.NOT_CHECKED, needless), None
    if app.settings.expected_compose:
        return Line(number, _APPROVAL, Outcome.VERIFIED, "the build that HIVEMIND_TRUST_HASH names"), None
    answer = app.gate.approvals.registered(service, trust.compose_hash)
    if answer is not None and answer.verdict is Verdict.REFUSED:
        return Line(number, _APPROVAL, Outcome.FAILED, answer.reason), approving.refusal(service, answer)
    before = app.trust_store.find(service.url)
    registered = answer is not None and answer.verdict is Verdict.APPROVED
    told = [_remembered(before, trust), *([f"registry: {answer.reason}"] if answer is not None else [])]
    if approving.is_of(before, trust) or registered:
        return Line(number, _APPROVAL, Outcome.VERIFIED, "; ".join(told)), None
    told.append(f"see hmctl trust approve {service.url}")
    return Line(number, _APPROVAL, Outcome.NOT_CHECKED, "; ".join(told)), None


def _remembered(before: Approval | None, trust: ServiceTrust) -> str:
    if before is None:
        return "never approved on this machine"
    if approving.is_of(before, trust):
        return f"approved on this machine {before.approved_at}".strip()
    return f"you approved another build: {before.compose_hash}"
