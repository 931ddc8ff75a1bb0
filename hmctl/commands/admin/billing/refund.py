"""`hmctl admin billing refund`."""

import click

from hmctl import ids
from hmctl.client.transport import JsonObject
from hmctl.commands import params
from hmctl.commands.admin.billing import moving
from hmctl.commands.admin.billing.moving import Movement
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option


@click.command("refund")
@click.argument("tenant_id")
@click.argument("amount", metavar="USD", type=params.USD)
@click.option("--note", required=True, help="Why; the tenant's books keep it.")
@click.option("--run", "run_id", default="", metavar="RUN_ID", help="The run whose charge is given back.")
@json_option
@with_operator
def command(op: Operating, tenant_id: str, amount: int, note: str, run_id: str, as_json: bool) -> None:
    """Give back what a tenant was charged, of one run or at all.

    \b
    Example:
      hmctl admin billing refund t_0a1b2c3d4e5f 0.57 --run 4f0a9c1d22be --note "the provider was down"
    """
    more: JsonObject = {"run_id": ids.checked(run_id, what="run")} if run_id else {}
    run(op, Movement("refunds", tenant_id, amount, note, as_json, more))


def run(op: Operating, movement: Movement) -> None:
    """Books the refund (HttpFailed, BadUsage)."""
    moving.check(movement)
    moving.move(op, movement)
