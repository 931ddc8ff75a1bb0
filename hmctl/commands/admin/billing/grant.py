"""`hmctl admin billing grant`."""

import click

from hmctl.client.transport import JsonObject
from hmctl.commands import params
from hmctl.commands.admin.billing import moving
from hmctl.commands.admin.billing.moving import Movement
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option


@click.command("grant")
@click.argument("tenant_id")
@click.argument("amount", metavar="USD", type=params.USD)
@click.option("--note", default="", help="Why; the tenant's books keep it.")
@click.option("--expires-in", type=params.DURATION, metavar="TIME", help="What is left then is taken back.")
@json_option
@with_operator
def command(op: Operating, tenant_id: str, amount: int, note: str, expires_in: int | None, as_json: bool) -> None:
    """Give credit to a tenant.

    \b
    Examples:
      hmctl admin billing grant t_0a1b2c3d4e5f 25 --note "invoice 2027-014"
      hmctl admin billing grant t_0a1b2c3d4e5f 5 --expires-in 30d --note trial
    """
    more: JsonObject = {} if expires_in is None else {"expires_in_seconds": expires_in}
    run(op, Movement("credits", tenant_id, amount, note, as_json, more))


def run(op: Operating, movement: Movement) -> None:
    """Books the grant (HttpFailed, BadUsage)."""
    moving.check(movement)
    moving.move(op, movement)
