"""Checks of one service without any key: does it answer, is its clock right, does its evidence hold, is it approved."""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from attestation.policy.errors import BuildRefused
from hmctl.app import App
from hmctl.checkup.findings import Checkup, Reason
from hmctl.client import wire
from hmctl.client.caller import SHORT
from hmctl.errors import HmctlError
from hmctl.io import one_line
from hmctl.services import Service
from hmctl.trust import attesting
from hmctl.trust.account import Line, Outcome
from hmctl.trust.attesting import Attested
from hmctl.trust.decide import ServiceTrust, Standing

_SKEW_WARN_SECONDS: Final = 60
_SKEW_FAIL_SECONDS: Final = 300
_AFTER_REACHING: Final = ("clock", "evidence", "tls channel", "build approved", "attestation")
NAMES: Final = ("service", *_AFTER_REACHING)
_DEMANDABLE: Final = ("os image", "app id", "key provider", "run signer chain")
_DEMAND: Final = "Say in ~/.hivemind/trust-policy.json what you demand, and it is checked."


@dataclass(frozen=True)
class Met:
    """A service as it was found. Without `trust` nothing may be sent to it, and `why` says why not."""

    service: Service
    trust: ServiceTrust | None
    version: str = ""
    why: str = ""


def check(app: App, service: Service, checkup: Checkup, *, label: str = "") -> Met:
    """All checks of the service that need no key. `label` tells a second service's findings from the first's."""
    names = _Names(label)
    try:
        answer = app.public(service).get("healthz", timeout=SHORT)
        version = wire.text(answer.object(), "version")
    except HmctlError as problem:
        checkup.failed(names.of("service"), problem)
        checkup.left_out(tuple(map(names.of, _AFTER_REACHING)), f"{service.url} did not answer")
        return Met(service, None, why=f"{service.url} did not answer")
    checkup.ok(names.of("service"), f"{service.url} answers, version {one_line(version) or 'not told'}")
    _clock(answer.headers.get("date", ""), app.clock.now(), checkup, names.of("clock"))
    trust = _trust(app, service, checkup, names)
    return Met(service, trust, version, "" if trust else f"{service.url} was refused")


@dataclass(frozen=True)
class _Names:
    label: str

    def of(self, name: str) -> str:
        return f"{self.label} {name}" if self.label else name


def _clock(date: str, now: float, checkup: Checkup, name: str) -> None:
    try:
        theirs = parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        checkup.warn(name, "the service does not say what time it is")
        return
    apart = int(abs(now - theirs))
    detail = f"this machine and the service are {apart} s apart"
    hint = "Set the clock of this machine; evidence and expiry depend on it."
    if apart > _SKEW_FAIL_SECONDS:
        checkup.fail(name, detail, hint)
    elif apart > _SKEW_WARN_SECONDS:
        checkup.warn(name, detail, hint)
    else:
        checkup.ok(name, detail)


def _trust(app: App, service: Service, checkup: Checkup, names: _Names) -> ServiceTrust | None:
    try:
        found = attesting.attest(app, service)
    except HmctlError as problem:
        checkup.failed(names.of("evidence"), problem)
        checkup.left_out(tuple(map(names.of, _AFTER_REACHING[2:])), "there is no evidence")
        return None
    *lines, approval = found.lines if found.trust is not None else (*found.lines, None)
    _evidence(app, found, [line for line in lines if line is not None], checkup, names)
    _channel(app, service, found, checkup, names.of("tls channel"))
    _approved(app, found, approval, checkup, names.of("build approved"))
    return _admitted(app, service, found, approval, checkup, names.of("attestation"))


def _evidence(app: App, found: Attested, lines: list[Line], checkup: Checkup, names: _Names) -> None:
    if found.claims is not None:
        hint = found.problem.hint if found.problem else ""
        told = found.problem.message if found.problem else "there is no evidence"
        checkup.warn(names.of("evidence"), told, hint)
        return
    for line in lines:
        name = names.of(f"evidence: {line.name}")
        if line.outcome is Outcome.VERIFIED:
            checkup.ok(name, line.detail or "verified")
        elif line.outcome is Outcome.FAILED and not app.settings.skip_attestations:
            hint = found.problem.hint if found.problem else ""
            checkup.fail(name, line.detail, hint, reason=Reason.of(found.problem) if found.problem else None)
        else:
            hint = _DEMAND if found.trust and line.name in _demandable(found.trust) else ""
            checkup.warn(name, f"{line.outcome}: {line.detail}", hint)


def _demandable(trust: ServiceTrust) -> tuple[str, ...]:
    """What the user's demands could settle. Of development evidence that is the application alone."""
    return ("app id",) if trust.standing is Standing.DEVELOPMENT else _DEMANDABLE


def _channel(app: App, service: Service, found: Attested, checkup: Checkup, name: str) -> None:
    seen = app.public(service).transport.channel.seen
    if service.scheme != "https":
        if service.is_loopback:
            checkup.ok(name, "plain http, which does not leave this machine")
        else:
            checkup.fail(name, "plain http: anybody on the way can read your key", "Use the https address.")
    elif found.trust is not None and found.trust.certificate_sha256:
        checkup.ok(name, f"all connections show certificate {found.trust.certificate_sha256}, which the evidence names")
    else:
        shown = f" {seen.hex()}" if seen else ""
        checkup.warn(name, f"no evidence names the certificate{shown}; an authority has to vouch for it")


def _approved(app: App, found: Attested, approval: Line | None, checkup: Checkup, name: str) -> None:
    if approval is None:
        checkup.warn(name, "not checked: no build is proven")
    elif approval.outcome is Outcome.VERIFIED:
        checkup.ok(name, approval.detail)
    elif approval.outcome is Outcome.FAILED and found.problem is not None and not app.settings.skip_attestations:
        checkup.failed(name, found.problem)
    elif _is_open_question(app, found, approval):
        hint = f"Look at it and approve it: hmctl trust approve {found.service.url}"
        reason = Reason(BuildRefused.code, approval.name, refuses=True)
        checkup.fail(name, approval.detail.partition(";")[0], hint, reason=reason)
    else:
        checkup.warn(name, approval.detail)


def _is_open_question(app: App, found: Attested, approval: Line) -> bool:
    """Whether the next command would ask the user about this build. A checkup itself asks nothing."""
    hardware = found.trust is not None and found.trust.standing is not Standing.DEVELOPMENT
    decided = app.settings.trust_all or app.settings.skip_attestations
    return hardware and not decided and approval.outcome is not Outcome.VERIFIED


def _admitted(
    app: App, service: Service, found: Attested, approval: Line | None, checkup: Checkup, name: str
) -> ServiceTrust | None:
    if approval is not None and _is_open_question(app, found, approval):
        checkup.left_out((name,), "the build is not approved")
        return None
    try:
        trust = app.admit(service)
    except HmctlError as problem:
        checkup.failed(name, problem)
        return None
    if trust.standing is Standing.VERIFIED:
        checkup.ok(name, trust.explanation)
    else:
        checkup.warn(name, trust.explanation)
    return trust
