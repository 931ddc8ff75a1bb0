"""The page of the evidence: what an outsider sees of this service now, verified by the code that clients run."""

from datetime import UTC, datetime
from typing import Any, Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.safestring import SafeString

from attestation.evidence.bundle import Ready
from attestation.evidence.identity import KeyProvider
from attestation.evidence.report_data import read as read_report_data
from attestation.evidence.verifier import VerifiedEvidence
from attestation.server.services import examining
from attestation.server.services.examining import Check, Examination, Result, Standing
from hivemind.kit.admin import columns
from hivemind.kit.admin.deeds import WholePage
from hivemind.kit.admin.panels import Panel

Facts = list[tuple[str, object]]
SAID_NOTHING: Final = "not stated"
BADGES: Final = {
    Result.VERIFIED: "success",
    Result.NOT_CHECKED: "plain",
    Result.COULD_NOT_CHECK: "warning",
    Result.FAILED: "danger",
}
# How the page greets: the colour of its first line, the icon, the sentence.
GREETINGS: Final = {
    Standing.VERIFIED: ("calm", "verified_user", "Verified: this machine proves which build it runs."),
    Standing.DEVELOPMENT: ("danger", "gpp_bad", "DEVELOPMENT: all of this proves nothing about hardware."),
    Standing.FAILED: ("danger", "gpp_bad", "The evidence does not verify. Every client refuses this service."),
    Standing.COULD_NOT_CHECK: ("warning", "gpp_maybe", "The evidence could not be checked here."),
    Standing.NOT_READY: ("warning", "gpp_maybe", "There is no evidence at the moment."),
    Standing.NONE: ("plain", "gpp_maybe", "No evidence, by configuration: HIVEMIND_EVIDENCE is not set."),
}
EXPLAINS_NONE: Final = (
    "Runs are signed with a development key of this installation. Clients take the service on its operator's word: "
    "they refuse it unless it runs on their own machine or they were told to accept that."
)


def page(admin: Any, request: HttpRequest) -> HttpResponseBase:
    """Ask, verify and show. Nothing of it is kept."""
    seen = examining.examine()
    colour, icon, sentence = GREETINGS[seen.standing]
    return admin.page(  # type: ignore[no-any-return]
        request,
        "hivemind/admin/evidence.html",
        title="Evidence",
        content_title="Evidence",
        opts=None,  # a page about the service and not about a table
        colour=colour,
        icon=icon,
        sentence=sentence,
        reason=seen.reason,
        development=seen.development and seen.standing is not Standing.DEVELOPMENT,
        explains=EXPLAINS_NONE if seen.standing is Standing.NONE else "",
        panels=_panels(seen),
    )


PAGE: Final = WholePage("evidence", "Evidence now", page, icon="verified_user", needs="view")


def _panels(seen: Examination) -> list[Panel]:
    panels = [_checks(seen)] if seen.checks else []
    if seen.proven is not None:
        return [*panels, _platform(seen, seen.proven), _machine(seen.proven), _session(seen, seen.proven)]
    return [*panels, _claims(seen.claimed)] if seen.claimed else panels


def _checks(seen: Examination) -> Panel:
    lines = [
        (number, check.name, _badge(check, of_development=seen.development), check.detail or columns.NOTHING)
        for number, check in enumerate(seen.checks, start=1)
    ]
    return Panel("Checks, as every client makes them", headers=("", "Check", "Result", "Detail"), rows=lines)


def _badge(check: Check, *, of_development: bool) -> SafeString:
    """What was verified under a root that anybody could have made is not green."""
    passed = check.result is Result.VERIFIED
    return columns.badge("info" if passed and of_development else BADGES[check.result], check.result.value)


def _platform(seen: Examination, proven: VerifiedEvidence) -> Panel:
    quote, valid = proven.machine.quote, seen.statements_valid
    facts: Facts = [
        ("TCB status", quote.tcb_status.value),
        ("Advisories", ", ".join(quote.advisory_ids) or "none"),
        ("Edition of the maker's data", str(quote.evaluation_number)),
        ("Kind of processor", columns.code(quote.fmspc)),
        ("Collateral valid from", columns.both(_moment(valid.start)) if valid else columns.NOTHING),
        ("Collateral valid until", columns.both(_moment(quote.valid_until))),
    ]
    return Panel("Platform", facts=facts)


def _machine(proven: VerifiedEvidence) -> Panel:
    body, facts, compose = proven.machine.quote.body, proven.machine.facts, proven.machine.compose
    told: Facts = [
        ("Compose hash", columns.code(compose.value) if compose else SAID_NOTHING),
        ("App id", columns.code(facts.app_id) if facts else SAID_NOTHING),
        ("Instance id", columns.code((facts and facts.instance_id) or "") if facts else SAID_NOTHING),
        ("Key provider", _provider(facts.key_provider if facts else None)),
        ("OS image hash", columns.code((facts and facts.os_image_hash) or "")),
        ("MRTD", columns.code(body.mr_td.hex())),
    ]
    told += [(f"RTMR{number}", columns.code(register.hex())) for number, register in enumerate(body.rtmrs)]
    return Panel("Machine, as its quote proves it", facts=[*told, ("Configuration id", _code(body.mr_config_id))])


def _session(seen: Examination, proven: VerifiedEvidence) -> Panel:
    version = read_report_data(proven.machine.quote.body.report_data).version
    facts: Facts = [
        ("Version of the report data", str(version)),
        ("Service version", proven.app_version),
        ("Run signer", columns.code(proven.run_signer_pubkey_b64 or "") if proven.run_signer_pubkey_b64 else "unnamed"),
        ("TLS certificate (SHA-256)", _certificate(seen.claimed)),
    ]
    facts += [(f"Key: {name}", _code(key)) for name, key in sorted(proven.keyset.items())]
    return Panel("This answer", facts=facts)


def _claims(bundle: Ready) -> Panel:
    """What the service says of itself, while nothing of it is proven."""
    facts: Facts = [
        ("Compose hash", columns.code(bundle.compose_hash)),
        ("App id", columns.code(bundle.app_id)),
        ("Instance id", columns.code(bundle.instance_id)),
        ("Service version", bundle.hivemind_version),
        ("Version of the report data", str(bundle.report_data_version)),
        ("Run signer", columns.code(bundle.run_signer_pubkey_b64)),
        ("TLS certificate (SHA-256)", _certificate(bundle)),
    ]
    facts += [(name.upper(), columns.code(value)) for name, value in sorted(bundle.measurements.items())]
    return Panel("Claimed, not proven", facts=facts)


def _certificate(bundle: Ready | None) -> object:
    if bundle is None or not bundle.tls.enabled:
        return "TLS ends outside this machine"
    return columns.code(bundle.tls.cert_fingerprint_sha256_hex)


def _provider(provider: KeyProvider | None) -> object:
    return columns.stacked(provider.kind.value, _code(provider.id)) if provider else SAID_NOTHING


def _code(value: bytes) -> object:
    return columns.code(value.hex())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
