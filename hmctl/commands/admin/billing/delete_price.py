"""`hmctl admin billing delete-price`."""

from dataclasses import dataclass

import click

from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option, yes_option


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    provider: str
    model: str
    yes: bool
    as_json: bool


@click.command("delete-price")
@click.argument("provider")
@click.argument("model")
@yes_option
@json_option
@with_operator
def command(op: Operating, provider: str, model: str, yes: bool, as_json: bool) -> None:
    """Take a model's price away. While credit is enforced, questions to a model without a price are refused.

    \b
    Example:
      hmctl admin billing delete-price openrouter m/x
    """
    run(op, Options(provider, model, yes, as_json))


def run(op: Operating, options: Options) -> None:
    """Asks, deletes (Declined, HttpFailed)."""
    op.confirm(f"Delete the price of {options.provider}/{options.model}?", yes=options.yes)
    answer = op.calls.delete_price(options.provider, options.model)
    if options.as_json:
        op.terminal.document(answer)
    else:
        op.terminal.data(f"deleted {options.provider}/{options.model}")
