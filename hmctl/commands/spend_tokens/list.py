"""`hmctl spend-tokens list`."""

import click

from hmctl import exits
from hmctl.app import App
from hmctl.client import pages, wire
from hmctl.client.transport import JsonObject
from hmctl.commands.wiring import json_option, with_app
from hmctl.render import columns, units


@click.command("list")
@json_option
@with_app(exits.OWNER)
def command(app: App, as_json: bool) -> None:
    """List your spend tokens, newest first, without their text. Spent includes what running questions hold.

    \b
    Example:
      hmctl spend-tokens list
    """
    run(app, as_json=as_json)


def run(app: App, *, as_json: bool) -> None:
    """Lists (HttpFailed, TrustRefused)."""
    tokens = pages.collect(app.owner().money.spend_tokens, limit=None)
    if as_json:
        app.terminal.document(tokens)
    elif tokens:
        now = app.clock.now()
        header = ("TOKEN_ID", "SPENT", "LIMIT", "STATUS", "EXPIRES", "ROOM", "LABEL")
        app.terminal.data(columns.table(header, [_row(token, now) for token in tokens]))
    else:
        app.terminal.say("no spend tokens")


def _row(token: JsonObject, now: float) -> tuple[str, ...]:
    amounts = (wire.whole(token, f"{name}_micro_usd") for name in ("committed", "limit"))
    return (
        wire.text(token, "token_id"),
        *("-" if amount is None else units.micro_usd(amount) for amount in amounts),
        _status(token, now),
        units.moment(wire.number(token, "expires_at")),
        wire.text(token, "room_id") or "any",
        wire.text(token, "label") or "-",
    )


def _status(token: JsonObject, now: float) -> str:
    if token.get("revoked_at") is not None:
        return "revoked"
    expires = wire.number(token, "expires_at")
    return "expired" if expires is not None and expires <= now else "live"
