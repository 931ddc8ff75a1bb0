"""`hmctl admin tenants list`."""

import click

from hmctl.client import pages, wire
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option
from hmctl.render import columns, units


@click.command("list")
@json_option
@with_operator
def command(op: Operating, as_json: bool) -> None:
    """List all tenants, newest first.

    \b
    Example:
      hmctl admin tenants list --json
    """
    run(op, as_json=as_json)


def run(op: Operating, *, as_json: bool) -> None:
    """Lists (HttpFailed, TrustRefused)."""
    tenants = pages.collect(op.calls.tenants, limit=None, page_rows=pages.BOOK_ROWS)
    if as_json:
        op.terminal.document(tenants)
        return
    if not tenants:
        op.terminal.say("no tenants yet")
        return
    rows = [
        (
            wire.text(tenant, "id"),
            units.moment(wire.number(tenant, "created_at")),
            "yes" if tenant.get("suspended") is True else "no",
            wire.text(tenant, "db_name") or "-",
            wire.text(tenant, "name") or "-",
        )
        for tenant in tenants
    ]
    op.terminal.data(columns.table(("TENANT_ID", "CREATED", "SUSPENDED", "DATABASE", "NAME"), rows))
