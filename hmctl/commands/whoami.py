"""`hmctl whoami`."""

import click

from hmctl import exits
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.v1 import V1
from hmctl.commands.wiring import json_option, with_app
from hmctl.render import columns
from hmctl.rooms import reference


@click.command("whoami")
@click.option("--link", "--room", "room", metavar="ROOM", help="Ask as the bearer of this link.")
@json_option
@with_app(exits.OWNER)
def command(app: App, room: str | None, as_json: bool) -> None:
    """Show whom the service takes you for.

    \b
    Example:
      hmctl whoami --link "$ROOM"
    """
    run(app, room=room, as_json=as_json)


def run(app: App, *, room: str | None, as_json: bool) -> None:
    """Prints the service's answer (HttpFailed, TrustRefused)."""
    answer = _caller(app, room).whoami()
    if as_json:
        app.terminal.document(answer)
        return
    bound = wire.text(wire.obj(answer, "constraints"), "room_id")
    facts = [
        ("Tenant", wire.text(answer, "tenant_id")),
        ("Name", wire.text(answer, "name") or "-"),
        ("Role", wire.text(answer, "role")),
    ]
    if bound:
        facts.append(("Room", bound))
    if answer.get("sealed") is True:
        facts.append(("Sealed", "yes"))
    app.terminal.data(columns.labelled(facts))


def _caller(app: App, room: str | None) -> V1:
    if room is None:
        return app.owner()
    ref = reference.read(app, room)
    return app.caller(ref.service, ref.bearer)
