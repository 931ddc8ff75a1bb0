"""`hmctl admin billing ledger`."""

from dataclasses import dataclass

import click

from hmctl.client import pages
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option
from hmctl.render import account


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    tenant_id: str
    limit: int
    as_json: bool


@click.command("ledger")
@click.option("--tenant-id", default="", metavar="ID", help="Only this tenant's.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="How many entries to list.")
@json_option
@with_operator
def command(op: Operating, tenant_id: str, limit: int, as_json: bool) -> None:
    """List the movements of all accounts, newest first.

    \b
    Example:
      hmctl admin billing ledger --tenant-id t_0a1b2c3d4e5f --limit 20
    """
    run(op, Options(tenant_id, limit, as_json))


def run(op: Operating, options: Options) -> None:
    """Lists (HttpFailed, TrustRefused)."""
    calls, tenant_id = op.calls, options.tenant_id
    entries = pages.collect(
        lambda rows, cursor: calls.ledger(rows, cursor, tenant_id=tenant_id),
        limit=options.limit,
        page_rows=pages.BOOK_ROWS,
    )
    if options.as_json:
        op.terminal.document(entries)
    elif entries:
        op.terminal.data(account.movements(entries, with_tenant=True))
    else:
        op.terminal.say("no entries yet")
