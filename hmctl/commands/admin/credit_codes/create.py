"""`hmctl admin credit-codes create`."""

from dataclasses import dataclass

import click

from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.commands import params
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option
from hmctl.render import columns, units


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    credit_micro_usd: int
    uses: int
    expires_in_seconds: int | None
    label: str
    as_json: bool


@click.command("create")
@click.option("--credit", type=params.USD, default="0.00", show_default=True, metavar="USD", help="What a use gives.")
@click.option("--uses", type=click.IntRange(min=1), default=1, show_default=True, help="How many tenants may use it.")
@click.option("--expires-in", type=params.DURATION, metavar="TIME", help="As in 90s, 30m, 24h, 7d or 2w.")
@click.option("--label", default="", help="A note for yourself.")
@json_option
@with_operator
def command(op: Operating, /, credit: int, uses: int, expires_in: int | None, label: str, as_json: bool) -> None:
    """Make a credit code. Its text is shown this once; each tenant may use it once.

    \b
    Examples:
      hmctl admin credit-codes create --credit 5 --uses 20 --expires-in 7d --label workshop
      hmctl admin credit-codes create --credit 0.50 --json
    """
    run(op, Options(credit, uses, expires_in, label, as_json))


def run(op: Operating, options: Options) -> None:
    """Makes the code (HttpFailed)."""
    body: JsonObject = {
        "credit_usd": params.dollars(options.credit_micro_usd),
        "max_redemptions": options.uses,
        "label": options.label,
    }
    if options.expires_in_seconds is not None:
        body["expires_in_seconds"] = options.expires_in_seconds
    answer = op.calls.create_code(body)
    if options.as_json:
        op.terminal.document(answer)
        return
    facts = [
        ("Code id", wire.text(answer, "code_id") or "-"),
        ("Credit", units.micro_usd(wire.whole(answer, "credit_micro_usd") or 0)),
        ("Uses", str(wire.whole(answer, "max_redemptions") or "-")),
        ("Expires", units.moment(wire.number(answer, "expires_at"))),
        ("Code", wire.required(answer, "code")),
    ]
    op.terminal.data(columns.labelled(facts))
    op.terminal.warn("the code is shown once; whoever reads it can use it")
    op.terminal.say("a tenant redeems it with: hmctl redeem-credit -")
