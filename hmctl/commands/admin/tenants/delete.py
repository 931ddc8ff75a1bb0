"""`hmctl admin tenants delete`."""

from dataclasses import dataclass

import click

from hmctl import ids
from hmctl.client import pages, wire
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option, yes_option


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    tenant_id: str
    yes: bool
    as_json: bool


@click.command("delete")
@click.argument("tenant_id")
@yes_option
@json_option
@with_operator
def command(op: Operating, tenant_id: str, yes: bool, as_json: bool) -> None:
    """Delete a tenant with its database, rooms, agents and links for good. Its books stay.

    \b
    Example:
      hmctl admin tenants delete t_0a1b2c3d4e5f
    """
    run(op, Options(tenant_id, yes, as_json))


def run(op: Operating, options: Options) -> None:
    """Asks with the tenant's name, deletes (Declined, HttpFailed)."""
    tenant_id = ids.checked(options.tenant_id, what="tenant")
    if not (options.yes or op.app.settings.assume_yes):
        tenants = pages.collect(op.calls.tenants, limit=None, page_rows=pages.BOOK_ROWS)
        names = {wire.text(tenant, "id"): wire.text(tenant, "name") for tenant in tenants}
        called = f" {names[tenant_id]!r}" if tenant_id in names else ""
        op.confirm(f"Delete tenant {tenant_id}{called} with its database? Nothing brings it back.", yes=False)
    answer = op.calls.delete_tenant(tenant_id)
    if options.as_json:
        op.terminal.document(answer)
    else:
        op.terminal.data(f"deleted {tenant_id}")
