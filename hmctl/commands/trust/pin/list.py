"""`hmctl trust pin list`."""

import click

from hmctl import exits
from hmctl.app import App
from hmctl.client.transport import JsonObject
from hmctl.commands.trust.pin import holding
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import HmctlError
from hmctl.render import pins as pin_text
from hmctl.trust import pinning
from hmctl.trust.pin_keeping import Compared
from hmctl.trust.pinning import Holder


@click.command("list")
@click.option("--local", is_flag=True, help="Only what this machine knows; the service is not asked.")
@json_option
@with_app(exits.OWNER)
def command(app: App, local: bool, as_json: bool) -> None:
    """List your compose pins: in force, superseded, expired, revoked. Says which of them the service hides.

    Pins that you signed on another machine are taken over. Only your own revocation ends a pin here.

    \b
    Examples:
      hmctl trust pin list
      hmctl trust pin list --local --json
    """
    run(app, local=local, as_json=as_json)


def run(app: App, *, local: bool, as_json: bool) -> None:
    """Compares, then lists; what is kept here is shown also when the service is refused (StoreDamaged)."""
    holder = holding.holder(app)
    compared, problem = (None, None) if local else _compare(app, holder)
    entries, now = pinning.entries_for(app.pins.store, holder), app.clock.now()
    if as_json:
        pins = [pin_text.as_json(kept, entry, now=now) for entry in entries for kept in entry.pins]
        document: JsonObject = {"service": holder.service.url, "tenant_id": entries[0].tenant_id, "pins": pins}
        app.terminal.document(document | {"at_the_service": _told(compared), "problem": holding.problem_json(problem)})
    elif any(entry.pins for entry in entries):
        app.terminal.data(pin_text.table(entries, now=now))
    else:
        app.terminal.say("no compose pins")
    for notice in compared.notices() if compared else []:
        app.terminal.warn(notice)
    holding.leave(app, problem, as_json=as_json, undone="not compared with the service")


def _compare(app: App, holder: Holder) -> tuple[Compared | None, HmctlError | None]:
    try:
        app.guard(holder.service, holder.key)
        client = app.public(holder.service).as_caller(holder.key)
        return app.pins.compare(holder, client), None
    except HmctlError as problem:
        return None, problem


def _told(compared: Compared | None) -> JsonObject | None:
    if compared is None:
        return None
    return {
        "taken_over": [kept.pin_id for kept in compared.added],
        "withheld": list(compared.withheld),
        "revoked_there_only": list(compared.revoked_there),
        "not_yours": list(compared.foreign),
    }
