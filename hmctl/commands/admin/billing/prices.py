"""`hmctl admin billing prices`."""

from dataclasses import dataclass

import click

from hmctl.client import pages, wire
from hmctl.client.transport import JsonObject
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option
from hmctl.render import columns, units


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    with_past_and_future: bool
    as_json: bool


@click.command("prices")
@click.option("--all", "everything", is_flag=True, help="Past, future and withdrawn ones too, the last set first.")
@json_option
@with_operator
def command(op: Operating, everything: bool, as_json: bool) -> None:
    """List the prices in force, in dollars for a million tokens.

    \b
    Examples:
      hmctl admin billing prices
      hmctl admin billing prices --all
    """
    run(op, Options(everything, as_json))


def run(op: Operating, options: Options) -> None:
    """Lists (HttpFailed, TrustRefused)."""
    calls, everything = op.calls, options.with_past_and_future
    prices = pages.collect(
        lambda rows, cursor: calls.prices(rows, cursor, with_past_and_future=everything),
        limit=None,
        page_rows=pages.BOOK_ROWS,
    )
    if options.as_json:
        op.terminal.document(prices)
    elif prices:
        header = ("PROVIDER", "MODEL", "PROMPT/M", "OUTPUT/M", "SINCE", "SOURCE")
        op.terminal.data(columns.table(header, [row(price) for price in prices]))
    else:
        op.terminal.say("no prices")


def row(price: JsonObject) -> tuple[str, ...]:
    """One price as cells."""
    since = wire.number(price, "effective_from")
    if price.get("withdrawn") is True:
        return (*_model(price), "withdrawn", "withdrawn", units.moment(since), wire.text(price, "source") or "-")
    rates = (wire.whole(price, f"{name}_microusd_per_mtok") for name in ("prompt", "completion"))
    return (
        *_model(price),
        *("-" if rate is None else units.micro_usd(rate) for rate in rates),
        units.moment(wire.number(price, "updated_at") if since is None else since),
        wire.text(price, "source") or "-",
    )


def _model(price: JsonObject) -> tuple[str, str]:
    return wire.text(price, "provider"), wire.text(price, "model")
