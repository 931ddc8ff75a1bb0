"""`hmctl trust pin show`."""

import click

from hmctl import exits, ids
from hmctl.app import App
from hmctl.commands.trust.pin import holding
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadInput
from hmctl.render import pins as pin_text


@click.command("show")
@click.argument("pin_id")
@json_option
@with_app(exits.OWNER)
def command(app: App, pin_id: str, as_json: bool) -> None:
    """Show one compose pin as this machine keeps it. Its signature was verified.

    \b
    Example:
      hmctl trust pin show 284388bc459a
    """
    run(app, pin_id=pin_id, as_json=as_json)


def run(app: App, *, pin_id: str, as_json: bool) -> None:
    """Prints the pin (BadInput when it is not known here, StoreDamaged)."""
    found = holding.find(app, holding.holder(app), ids.checked(pin_id, what="pin"))
    if found is None:
        raise BadInput(f"no compose pin {pin_id} on this machine", hint="See `hmctl trust pin list`.")
    if as_json:
        app.terminal.document(pin_text.as_json(found.kept, found.entry, now=app.clock.now()))
    else:
        app.terminal.data(pin_text.details(found.kept, found.entry, now=app.clock.now()))
