"""`hmctl trust show`."""

import click

from hmctl import exits, services
from hmctl.app import App
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadInput
from hmctl.render import columns


@click.command("show")
@click.argument("service", required=False)
@json_option
@with_app(exits.OWNER)
def command(app: App, service: str | None, as_json: bool) -> None:
    """Show the builds that were approved on this machine, of one service or of all.

    \b
    Example:
      hmctl trust show
    """
    run(app, service=service, as_json=as_json)


def run(app: App, *, service: str | None, as_json: bool) -> None:
    """Prints approvals (BadInput for a service without one, StoreDamaged)."""
    if service is not None:
        url = services.parse(service).url
        found = app.trust_store.find(url)
        if found is None:
            raise BadInput(f"nothing is approved for {url}")
        app.terminal.document(found.raw)
        return
    approvals = app.trust_store.all()
    if as_json:
        app.terminal.document({approval.service: approval.raw for approval in approvals})
    elif approvals:
        rows = [(item.service, item.compose_hash, item.app_id or "-", item.approved_at or "-") for item in approvals]
        app.terminal.data(columns.table(("SERVICE", "BUILD", "APP_ID", "APPROVED"), rows))
    else:
        app.terminal.say("no builds are approved on this machine")
