"""`hmctl admin billing debit`."""

import click

from hmctl.client.transport import JsonObject
from hmctl.commands import params
from hmctl.commands.admin.billing import moving
from hmctl.commands.admin.billing.moving import Movement
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option, yes_option
from hmctl.render import units


@click.command("debit")
@click.argument("tenant_id")
@click.argument("amount", metavar="USD", type=params.USD)
@click.option("--note", required=True, help="Why; the tenant's books keep it.")
@click.option("--allow-overdraft", is_flag=True, help="Even more than there is: the balance falls below zero.")
@yes_option
@json_option
@with_operator
def command(op: Operating, /, tenant_id: str, amount: int, note: str, yes: bool, **given: bool) -> None:
    """Take credit from a tenant, at most what is available.

    \b
    Example:
      hmctl admin billing debit t_0a1b2c3d4e5f 5 --note "granted twice by mistake"
    """
    more: JsonObject = {"allow_overdraft": True} if given["allow_overdraft"] else {}
    run(op, Movement("debits", tenant_id, amount, note, given["as_json"], more), yes=yes)


def run(op: Operating, movement: Movement, *, yes: bool) -> None:
    """Asks, books the debit (Declined, HttpFailed, BadUsage)."""
    moving.check(movement)
    op.confirm(f"Take {units.micro_usd(movement.amount_micro_usd)} from tenant {movement.tenant_id}?", yes=yes)
    moving.move(op, movement)
