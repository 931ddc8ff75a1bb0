"""`hmctl trust attest`."""

import click

from attestation.evidence.bundle import NotReady, Ready
from hmctl import exits, services
from hmctl.app import App
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import HmctlError
from hmctl.render import columns, units
from hmctl.services import Service
from hmctl.trust import gate


@click.command("attest")
@click.option("--service", default="", metavar="URL", help="Another service than the active profile's.")
@click.option("--raw", is_flag=True, help="Print the service's answer as it is.")
@json_option
@with_app(exits.OWNER)
def command(app: App, service: str, raw: bool, as_json: bool) -> None:
    """Show what a service says about the machine and build it runs on. These are claims; nothing is verified here.

    \b
    Example:
      hmctl trust attest --service http://localhost:8100
    """
    run(app, service=service, as_json=raw or as_json)


def run(app: App, *, service: str, as_json: bool) -> None:
    """Fetches without any credential and prints (TransportFailed, HttpFailed, TrustRefused)."""
    chosen = _service(app, service)
    client, timeout = app.public(chosen), app.settings.evidence_timeout_seconds
    if as_json:
        app.terminal.document(client.attestation(timeout_seconds=timeout))
        return
    claims = gate.fetch(client, timeout_seconds=timeout)
    facts = [("Service", chosen.url), *(_ready(claims) if isinstance(claims, Ready) else _not_ready(claims))]
    app.terminal.data(columns.labelled([(label, value or "-") for label, value in facts]))
    app.terminal.warn("these are the service's own claims; none of them was verified")


def _not_ready(claims: NotReady) -> list[tuple[str, str]]:
    facts = [("Ready", "no"), ("Reason", claims.reason), ("Version", claims.version)]
    if claims.development:
        facts.append(("Run signer", f"{claims.development.run_signer_pubkey_b64} (DEVELOPMENT key)"))
    return facts


def _ready(claims: Ready) -> list[tuple[str, str]]:
    return [
        ("Ready", "yes"),
        ("Booted", units.moment(claims.booted_at)),
        ("App", claims.app_id),
        ("Build", claims.compose_hash),
        ("Version", claims.hivemind_version),
        ("Run signer", claims.run_signer_pubkey_b64),
        ("Registry", claims.app_auth.contract),
        ("TLS inside", "yes" if claims.tls.enabled else "no"),
    ]


def _service(app: App, text: str) -> Service:
    if text:
        return services.parse(text)
    try:
        return app.profile.service
    except HmctlError:
        return services.parse(app.settings.default_service)
