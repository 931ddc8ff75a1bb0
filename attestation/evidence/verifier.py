"""The verdict on a service's evidence: numbered steps, then the proven values with an account of every check.

Client and operator run the same steps. Only what the result holds may be believed; nothing of the bundle may
be used beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from attestation.evidence import session
from attestation.evidence.bundle import NotReady, Ready
from attestation.evidence.checks import CheckResult, Outcome, not_checked, verified
from attestation.evidence.collateral import Collateral
from attestation.evidence.compose_hash import ComposeHash, prove_compose_hash
from attestation.evidence.dcap import QUOTE_CHECKS, verify_quote
from attestation.evidence.errors import ClaimDiffers, ComposeHashUnknown, EvidenceMissing
from attestation.evidence.event_log import check_event_log, parse_event_log
from attestation.evidence.identity import BootFacts, read_boot_facts
from attestation.evidence.key_chain import EndorsedSigner
from attestation.evidence.machine import AttestedMachine
from attestation.evidence.platform import PlatformPolicy, VerifiedQuote
from attestation.evidence.quote import QuoteBody
from attestation.evidence.report_data import read as read_report_data
from attestation.evidence.roots import TrustRoot
from attestation.evidence.session import EvidenceExpectation
from attestation.policy.base import NotGiven, Policy, is_unchecked

_NO_KEY_SERVICE: Final = NotGiven("no key service is demanded")


@dataclass(frozen=True, kw_only=True)
class EvidencePolicy:
    """The caller's demands by subject. What is not demanded is named as not checked, with the given reason."""

    platform: PlatformPolicy
    os_image: Policy[AttestedMachine] | NotGiven
    build: Policy[AttestedMachine] | NotGiven
    app: Policy[AttestedMachine] | NotGiven
    key_provider: Policy[AttestedMachine] | NotGiven
    run_signer_chain: Policy[EndorsedSigner] | NotGiven = _NO_KEY_SERVICE


@dataclass(frozen=True, kw_only=True)
class VerifiedEvidence:
    """What is proven, and how. `run_signer_pubkey_b64` and `keyset` hold only what the quote names."""

    machine: AttestedMachine
    app_version: str
    run_signer_pubkey_b64: str | None
    keyset: Mapping[str, bytes]
    checks: tuple[CheckResult, ...]

    @property
    def development(self) -> bool:
        """Whether all of this stands on a development root and proves nothing about hardware."""
        return self.machine.quote.development

    @property
    def not_checked(self) -> tuple[str, ...]:
        """The names of the checks that were left out."""
        return tuple(check.name for check in self.checks if check.outcome is Outcome.NOT_CHECKED)


def verify_evidence(
    bundle: Ready | NotReady,
    *,
    expect: EvidenceExpectation,
    collateral: Collateral,
    at: int,
    roots: TrustRoot,
    policy: EvidencePolicy,
) -> VerifiedEvidence:
    """Proves what runs at the other end, and that it answers here and now.

    (1) There is evidence; (2) the quote is genuine, current and from an acceptable platform; (3) the event
    log leads to the quote's registers; (4) its sources agree about the build; (5) report data bind the
    request; (6) the service's own claims agree with all that; (7) the policies accept the machine and
    where its key for signing runs comes from.

    Raises the VerificationError of the first failed step; a CouldNotCheck among them is no verdict and must
    not be treated as one. Whether what the result lists as not checked is acceptable is left to the caller.
    """
    if isinstance(bundle, NotReady):  # 1
        raise EvidenceMissing
    quote = verify_quote(bundle.quote, collateral=collateral, at=at, roots=roots, policy=policy.platform)  # 2
    facts, log_checks = _facts(bundle, quote.body)  # 3
    compose, build_check = _compose(bundle, quote.body, facts=facts)  # 4
    proven = session.check_session(bundle, quoted=quote.body.report_data, expect=expect)  # 5
    machine = AttestedMachine(quote, facts, compose)
    _refuse_false_claims(bundle, machine)  # 6
    demands = _demands(policy, machine)  # 7
    source = _source(policy, machine, bundle=bundle, run_signer=proven.run_signer_pubkey_b64)
    return VerifiedEvidence(
        machine=machine,
        app_version=bundle.hivemind_version,
        run_signer_pubkey_b64=proven.run_signer_pubkey_b64,
        keyset=proven.keyset,
        checks=(*quote_checks(quote, policy.platform), *log_checks, build_check, *proven.checks, *demands, source),
    )


def quote_checks(quote: VerifiedQuote, policy: PlatformPolicy) -> tuple[CheckResult, ...]:
    """The account of what `verify_quote` established with this policy."""
    root = "a development root, which proves nothing about hardware" if quote.development else "the maker's root"
    advice = "".join(f", {advisory}" for advisory in quote.advisory_ids)
    details = {"certificate chains": root, "tcb status": quote.tcb_status.value + advice}
    made = [verified(name, details.get(name, "")) for name in QUOTE_CHECKS]
    return (*made, _demand("platform policy", policy))


def _facts(bundle: Ready, body: QuoteBody) -> tuple[BootFacts | None, list[CheckResult]]:
    if not bundle.event_log_json:
        return None, [not_checked("event log", "the service publishes none")]
    log = check_event_log(parse_event_log(bundle.event_log_json), body=body)
    made = verified("event log", f"registers {', '.join(map(str, sorted(log.registers)))}")
    return read_boot_facts(log), [made]


def _compose(bundle: Ready, body: QuoteBody, *, facts: BootFacts | None) -> tuple[ComposeHash | None, CheckResult]:
    document = bundle.config_document or None
    try:
        compose = prove_compose_hash(body.mr_config_id, facts=facts, document=document)
    except ComposeHashUnknown as error:
        return None, not_checked("compose hash", str(error))
    return compose, verified("compose hash", ", ".join(source.value for source in compose.sources))


def _refuse_false_claims(bundle: Ready, machine: AttestedMachine) -> None:
    body, facts = machine.quote.body, machine.facts
    proven: dict[str, tuple[object, object]] = {
        "report data version": (bundle.report_data_version, read_report_data(body.report_data).version),
        "compose hash": (bundle.compose_hash, machine.compose.value if machine.compose else None),
        "app id": (bundle.app_id.lower(), facts.app_id if facts else None),
        "instance id": (bundle.instance_id.lower(), facts.instance_id if facts else None),
        "mrtd": (bundle.measurements.get("mrtd", "").lower(), body.mr_td.hex()),
    }
    for index, register in enumerate(body.rtmrs):
        proven[f"rtmr{index}"] = (bundle.measurements.get(f"rtmr{index}", "").lower(), register.hex())
    for name, (claimed, value) in proven.items():
        if claimed and value is not None and claimed != value:
            raise ClaimDiffers(name)


def _demands(policy: EvidencePolicy, machine: AttestedMachine) -> list[CheckResult]:
    demands = {
        "os image": policy.os_image,
        "build": policy.build,
        "app id": policy.app,
        "key provider": policy.key_provider,
    }
    for demand in demands.values():
        if not isinstance(demand, NotGiven):
            demand.verify(machine)
    return [_demand(name, demand) for name, demand in demands.items()]


def _source(policy: EvidencePolicy, machine: AttestedMachine, *, bundle: Ready, run_signer: str | None) -> CheckResult:
    if not isinstance(policy.run_signer_chain, NotGiven):
        app_id = machine.facts.app_id if machine.facts else None
        shown = EndorsedSigner(run_signer_pubkey_b64=run_signer, app_id=app_id, chain=bundle.run_signer_chain)
        policy.run_signer_chain.verify(shown)
    return _demand("run signer chain", policy.run_signer_chain)


def _demand(name: str, policy: object) -> CheckResult:
    if isinstance(policy, NotGiven):
        return not_checked(name, policy.reason)
    return not_checked(name, "the policy accepts everything") if is_unchecked(policy) else verified(name)
