"""`hmctl trust pin revoke`."""

from dataclasses import dataclass
from typing import Final

import click

from hmctl import exits, ids
from hmctl.app import App
from hmctl.commands.trust.pin import holding
from hmctl.commands.trust.pin.holding import Found
from hmctl.commands.wiring import confirm, json_option, with_app, yes_option
from hmctl.errors import HmctlError, HttpFailed
from hmctl.trust import pin_keeping

_GONE: Final = 404


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    pin_id: str
    local: bool
    yes: bool
    as_json: bool


@click.command("revoke")
@click.argument("pin_id")
@click.option("--local", is_flag=True, help="Only on this machine; the service is not told.")
@yes_option
@json_option
@with_app(exits.OWNER)
def command(app: App, pin_id: str, local: bool, yes: bool, as_json: bool) -> None:
    """End a compose pin, first on this machine, then at the service. Other machines have to end it themselves.

    It ends here also when the service cannot be told; the exit code then says why it was not.

    \b
    Example:
      hmctl trust pin revoke 284388bc459a
    """
    run(app, Options(pin_id, local, yes, as_json))


def run(app: App, options: Options) -> None:
    """Asks, marks, tells the service (Declined, StoreDamaged; HttpFailed for a pin that nobody knows)."""
    holder = holding.holder(app)
    pin_id = ids.checked(options.pin_id, what="pin")
    found = holding.find(app, holder, pin_id)
    confirm(app, f"Revoke compose pin {pin_id}? The builds it keeps your key from may get it then.", yes=options.yes)
    if found is not None:
        now = app.clock.now()
        pin_keeping.mark(app.pins.store, found.entry, pin_id, revoked_at=now)
    problem = None if options.local else _tell(app, pin_id, found)
    if options.as_json:
        app.terminal.document(
            {
                "pin_id": pin_id,
                "revoked_here": found is not None,
                "service_told": not options.local and problem is None,
                "problem": holding.problem_json(problem),
            }
        )
    else:
        app.terminal.data(f"revoked {pin_id}" if found else f"{pin_id} was not known on this machine")
    holding.leave(app, problem, as_json=options.as_json, undone="ended here only; the service was not told")


def _tell(app: App, pin_id: str, found: Found | None) -> HmctlError | None:
    try:
        app.owner().compose_pins.revoke(pin_id)
    except HttpFailed as problem:
        return None if problem.status == _GONE and found is not None else problem
    except HmctlError as problem:
        return problem
    return None
