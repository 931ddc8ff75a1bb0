"""`hmctl admin billing balance`."""

from dataclasses import dataclass

import click

from hmctl import ids
from hmctl.commands import balance
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    tenant_id: str
    limit: int
    as_json: bool


@click.command("balance")
@click.argument("tenant_id")
@click.option(
    "--limit", type=click.IntRange(min=1), default=25, show_default=True, help="How many ledger entries to show."
)
@json_option
@with_operator
def command(op: Operating, tenant_id: str, limit: int, as_json: bool) -> None:
    """Show one tenant's account as the tenant sees it with `hmctl balance`.

    \b
    Example:
      hmctl admin billing balance t_0a1b2c3d4e5f
    """
    run(op, Options(tenant_id, limit, as_json))


def run(op: Operating, options: Options) -> None:
    """Prints the account (HttpFailed, TrustRefused, BadAnswer)."""
    tenant_id = ids.checked(options.tenant_id, what="tenant")
    answer = op.calls.balance(tenant_id, limit=options.limit)
    if options.as_json:
        op.terminal.document(answer)
    else:
        balance.show(op.app, answer)
