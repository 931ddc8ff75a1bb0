"""`hmctl trust approve`."""

import click

from attestation.policy.errors import DevelopmentRefused
from hmctl import exits
from hmctl.app import App
from hmctl.commands.trust.attest import chosen_service
from hmctl.commands.wiring import confirm, json_option, with_app, yes_option
from hmctl.errors import TrustRefused
from hmctl.trust import approving, attesting, decide
from hmctl.trust.decide import ServiceTrust, Standing
from hmctl.trust.registry import Verdict
from hmctl.trust.store import Approval


@click.command("approve")
@click.argument("service", required=False)
@yes_option
@json_option
@with_app(exits.OWNER)
def command(app: App, service: str | None, yes: bool, as_json: bool) -> None:
    """Verify what SERVICE (or the active profile's) runs, show it, and remember that you approve of it.

    Nothing is remembered of a service whose evidence does not hold (exit code 4), or that is for development.

    \b
    Examples:
      hmctl trust approve https://rooms.example
      hmctl trust approve -y --json
    """
    run(app, service=service or "", yes=yes, as_json=as_json)


def run(app: App, *, service: str, yes: bool, as_json: bool) -> None:
    """Verifies, shows, asks, stores, in this order (TrustRefused, Declined, TransportFailed, HttpFailed)."""
    chosen = chosen_service(app, service)
    found = attesting.attest(app, chosen)
    if found.problem is not None:
        raise found.problem
    trust, policy = found.trust, decide.policy_for(chosen, app.settings)
    if trust is None or trust.standing is not Standing.VERIFIED:
        raise _not_approvable(chosen.url, trust)
    _ask_registry(app, policy, trust)
    before = app.trust_store.find(chosen.url)
    app.terminal.block(approving.describe(policy, trust, before))
    if not app.settings.trust_all:
        confirm(app, "Approve this build?", yes=yes)
    app.trust_store.approve(
        chosen.url,
        compose_hash=trust.compose_hash,
        app_id=trust.app_id,
        certificate_sha256=trust.certificate_sha256,
        at=app.clock.now(),
    )
    if as_json:
        app.terminal.document(found.as_json() | {"approved": True, "previous": _previous(before)})
    else:
        app.terminal.data(f"approved build {trust.compose_hash} of {chosen.url}")


def _not_approvable(url: str, trust: ServiceTrust | None) -> TrustRefused:
    if trust is not None and trust.standing is Standing.DEVELOPMENT:
        return TrustRefused(
            f"{url} offers development evidence, which proves nothing about what runs there; nothing was approved",
            hint="A service for development needs no approval on this machine and is worth none elsewhere.",
            code=DevelopmentRefused.code,
            check="root of trust",
        )
    return TrustRefused(
        f"the evidence of {url} is not bound to this request and connection; nothing was approved",
        hint="Ask the operator for a version of the service that answers with fresh evidence.",
        code="evidence_unbound",
        check="nonce",
    )


def _ask_registry(app: App, policy: decide.Policy, trust: ServiceTrust) -> None:
    answer = app.gate.approvals.registered(policy.service, trust.compose_hash)
    if answer is None:
        return
    if answer.verdict is Verdict.REFUSED:
        raise approving.refusal(policy.service, answer)
    app.terminal.say(f"registry: {answer.reason}")


def _previous(before: Approval | None) -> dict[str, object] | None:
    return None if before is None else {"compose_hash": before.compose_hash, "app_id": before.app_id}
