"""`hmctl redeem-credit`."""

from dataclasses import dataclass

import click

from hmctl import exits
from hmctl.app import App
from hmctl.client import wire
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import TransportFailed
from hmctl.render import columns, units
from hmctl.secret import Secret


@dataclass(frozen=True)
class Options:
    """What was asked for. `code_text` is `-` for stdin."""

    code_text: str
    as_json: bool


@click.command("redeem-credit")
@click.argument("code_text", metavar="CODE")
@json_option
@with_app(exits.OWNER)
def command(app: App, code_text: str, as_json: bool) -> None:
    """Turn a credit code (hmcc_…) into credit of your account. CODE may be - to type it or to read it from stdin.

    A code given as an argument can be seen by other users of this machine while the command runs.

    \b
    Examples:
      hmctl redeem-credit -
      hmctl redeem-credit - < code.txt
    """
    run(app, Options(code_text, as_json))


def run(app: App, options: Options) -> None:
    """Redeems once (HttpFailed with the service's reason, TrustRefused, BadInput)."""
    app.require_key()
    text = app.terminal.hidden("Credit code") if options.code_text == "-" else options.code_text.strip()
    code = Secret(text, what="the credit code")
    owner = app.owner()
    try:
        answer = owner.money.redeem(code.reveal())
    except TransportFailed as problem:
        problem.hint = "The code may have been redeemed all the same: look with `hmctl balance` before trying again."
        raise
    if options.as_json:
        app.terminal.document(answer)
        return
    amounts = {name: wire.whole(answer, f"{name}_micro_usd") for name in ("credit", "balance")}
    shown = {name: "-" if amount is None else units.micro_usd(amount) for name, amount in amounts.items()}
    facts = [("Code", wire.text(answer, "code_id") or "-"), ("Credit", shown["credit"]), ("Balance", shown["balance"])]
    app.terminal.data(columns.labelled(facts))
