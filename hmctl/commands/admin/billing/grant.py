"""`hmctl admin billing grant`."""

import click

from hmctl.commands import params
from hmctl.commands.admin.billing import moving
from hmctl.commands.admin.billing.moving import Movement
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option


@click.command("grant")
@click.argument("tenant_id")
@click.argument("amount", metavar="USD", type=params.USD)
@click.option("--note", default="", help="Why; the tenant's books keep it.")
@json_option
@with_operator
def command(op: Operating, tenant_id: str, amount: int, note: str, as_json: bool) -> None:
    """Give credit to a tenant.

    \b
    Example:
      hmctl admin billing grant t_0a1b2c3d4e5f 25 --note "invoice 2027-014"
    """
    run(op, Movement("credits", tenant_id, amount, note, as_json))


def run(op: Operating, movement: Movement) -> None:
    """Books the grant (HttpFailed, BadUsage)."""
    moving.check(movement)
    moving.move(op, movement)
