"""`hmctl admin billing prices`."""

import click

from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option
from hmctl.render import columns, units


@click.command("prices")
@json_option
@with_operator
def command(op: Operating, as_json: bool) -> None:
    """List the prices in force, in dollars for a million tokens.

    \b
    Example:
      hmctl admin billing prices
    """
    run(op, as_json=as_json)


def run(op: Operating, *, as_json: bool) -> None:
    """Lists (HttpFailed, TrustRefused)."""
    prices = op.calls.prices()
    if as_json:
        op.terminal.document(prices)
    elif prices:
        header = ("PROVIDER", "MODEL", "PROMPT/M", "OUTPUT/M", "SINCE", "SOURCE")
        op.terminal.data(columns.table(header, [row(price) for price in prices]))
    else:
        op.terminal.say("no prices")


def row(price: JsonObject) -> tuple[str, ...]:
    """One price as cells."""
    rates = (wire.whole(price, f"{name}_microusd_per_mtok") for name in ("prompt", "completion"))
    return (
        wire.text(price, "provider"),
        wire.text(price, "model"),
        *("-" if rate is None else units.micro_usd(rate) for rate in rates),
        units.moment(wire.number(price, "updated_at")),
        wire.text(price, "source") or "-",
    )
