"""`hmctl balance`."""

import shutil
from dataclasses import dataclass

import click

from hmctl import exits, statement
from hmctl.app import App
from hmctl.client.transport import JsonObject
from hmctl.commands.wiring import json_option, with_app
from hmctl.render import account, units


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    limit: int
    as_json: bool


@click.command("balance")
@click.option(
    "--limit", type=click.IntRange(min=1), default=10, show_default=True, help="How many ledger entries to show."
)
@json_option
@with_app(exits.OWNER)
def command(app: App, limit: int, as_json: bool) -> None:
    """Show what your account has left, what running questions hold, and what you spent.

    --json prints the service's answer as it is.

    \b
    Example:
      hmctl balance --limit 50
    """
    run(app, Options(limit, as_json))


def run(app: App, options: Options) -> None:
    """Prints the account (HttpFailed, TrustRefused, BadAnswer)."""
    answer = app.owner().money.billing(limit=options.limit)
    if options.as_json:
        app.terminal.document(answer)
    else:
        show(app, answer)


def show(app: App, answer: JsonObject) -> None:
    """Prints a billing answer for people (BadAnswer)."""
    told = statement.read(answer)
    now = app.clock.now()
    app.terminal.data(account.figures(told))
    _show_days(app, told, now)
    if told.entries:
        app.terminal.data()
        app.terminal.data(account.movements(told.entries))
    else:
        app.terminal.say("no entries yet")
    advice = account.advice(told, now=now)
    if advice:
        app.terminal.warn(advice)


def _show_days(app: App, told: statement.Statement, now: float) -> None:
    days = told.days(now)
    if not any(spent for _, spent in days):
        return
    app.terminal.data()
    if app.terminal.draws:
        from hmctl.render import spending

        spending.draw(days, width=shutil.get_terminal_size().columns)
        return
    total = units.micro_usd(sum(spent for _, spent in days))
    app.terminal.data(f"Spent in the last {len(days)} days: {total}\n{account.plain_days(days)}")
