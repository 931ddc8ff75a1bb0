"""`hmctl admin billing delete-price`."""

from dataclasses import dataclass

import click

from hmctl.commands import params
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option, yes_option
from hmctl.render import units


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    provider: str
    model: str
    effective_from: float | None
    yes: bool
    as_json: bool


@click.command("delete-price")
@click.argument("provider")
@click.argument("model")
@click.option(
    "--from",
    "effective_from",
    type=params.MOMENT,
    metavar="DATE",
    help="Cancel the price that is scheduled for this moment (UTC) instead.",
)
@yes_option
@json_option
@with_operator
def command(
    op: Operating, /, provider: str, model: str, effective_from: float | None, yes: bool, as_json: bool
) -> None:
    """Take a model's price away. While credit is enforced, questions to a model without a price are refused.

    \b
    Examples:
      hmctl admin billing delete-price openrouter m/x
      hmctl admin billing delete-price openrouter m/x --from 2027-01-01
    """
    run(op, Options(provider, model, effective_from, yes, as_json))


def run(op: Operating, options: Options) -> None:
    """Asks, deletes (Declined, HttpFailed)."""
    begins = options.effective_from
    which = f"{options.provider}/{options.model}" + ("" if begins is None else f" from {units.moment(begins)}")
    op.confirm(f"Delete the price of {which}?", yes=options.yes)
    answer = op.calls.delete_price(options.provider, options.model, effective_from=begins)
    if options.as_json:
        op.terminal.document(answer)
    else:
        op.terminal.data(f"deleted {which}")
