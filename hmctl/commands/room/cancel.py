"""`hmctl room cancel`."""

from dataclasses import dataclass

import click

from hmctl import ids
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.v1 import V1
from hmctl.commands.wiring import confirm, json_option, with_app, yes_option
from hmctl.errors import BadInput, HttpFailed
from hmctl.rooms import reference
from hmctl.runs import paying
from hmctl.runs.paying import PayerOptions
from hmctl.secret import Secret


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    run_id: str
    room: str | None
    payer_key: str
    yes: bool
    as_json: bool


@click.command("cancel")
@click.argument("run_id")
@click.option("--link", "--room", "room", metavar="ROOM", help="Cancel as the bearer of this link.")
@click.option("--payer-key", default="", metavar="TOKEN", help="The spend token that paid, for a share link.")
@yes_option
@json_option
@with_app()
def command(app: App, run_id: str, room: str | None, payer_key: str, yes: bool, as_json: bool) -> None:
    """Stop a run that has not ended. A running one ends within a second or two; nothing of it is answered.

    \b
    Examples:
      hmctl room cancel 4f0a9c1d22be
      hmctl room cancel 4f0a9c1d22be --link "$ROOM"
    """
    run(app, Options(run_id, room, payer_key, yes, as_json))


def run(app: App, options: Options) -> None:
    """Asks, then cancels (Declined, HttpFailed, BadInput where the service has no cancel)."""
    run_id = ids.checked(options.run_id, what="run")
    client, payer = _caller(app, options)
    confirm(app, f"Cancel run {run_id}?", yes=options.yes)
    try:
        answer = client.cancel_run(run_id, payer=payer)
    except HttpFailed as problem:
        if problem.status == 405:
            raise BadInput("this service cannot cancel runs", hint="The run ends by itself at its deadline.") from None
        raise
    if options.as_json:
        app.terminal.document(answer)
    else:
        app.terminal.data(f"{run_id}  {wire.text(answer, 'status') or 'cancelled'}")


def _caller(app: App, options: Options) -> tuple[V1, Secret | None]:
    if options.room is None:
        return app.owner(), None
    ref = reference.read(app, options.room)
    payer = paying.reader(app, ref, PayerOptions(options.payer_key)) if ref.is_share else None
    return app.caller(ref.service, ref.bearer), payer
