"""`hmctl trust reset`."""

import click

from hmctl import exits, services
from hmctl.app import App
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadInput


@click.command("reset")
@click.argument("service", required=False)
@click.option("--all", "everything", is_flag=True, help="Of every service.")
@json_option
@with_app(exits.OWNER)
def command(app: App, service: str | None, everything: bool, as_json: bool) -> None:
    """Forget the approved builds of a service, or of all with --all. Compose pins stay.

    \b
    Example:
      hmctl trust reset https://rooms.example
    """
    run(app, service=service, everything=everything, as_json=as_json)


def run(app: App, *, service: str | None, everything: bool, as_json: bool) -> None:
    """Removes approvals (BadInput unless exactly one of both is given, or when nothing is approved)."""
    if (service is None) != everything:
        raise BadInput("name a service or give --all, not both and not neither")
    gone = app.trust_store.forget(services.parse(service).url if service else None)
    if service and not gone:
        raise BadInput(f"nothing is approved for {service}")
    if as_json:
        app.terminal.document({"forgotten": gone})
    else:
        app.terminal.data("\n".join(f"forgot {url}" for url in gone) or "nothing was approved")
