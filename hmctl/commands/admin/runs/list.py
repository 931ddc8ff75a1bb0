"""`hmctl admin runs list`."""

from dataclasses import dataclass, field

import click

from hmctl.client import pages, wire
from hmctl.client.transport import JsonObject
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option
from hmctl.render import columns, units


@dataclass(frozen=True)
class Options:
    """What was asked for. `filters` are query parameters of the service."""

    limit: int
    as_json: bool
    filters: dict[str, str] = field(default_factory=dict)


@click.command("list")
@click.option("--tenant", default="", metavar="ID", help="Only this tenant's.")
@click.option("--status", default="", metavar="WORD", help="Only pending, running, completed or failed ones.")
@click.option("--billing-status", default="", metavar="WORD", help="Only held, settled, not_billable … ones.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many to list.")
@json_option
@with_operator
def command(op: Operating, tenant: str, status: str, billing_status: str, limit: int, as_json: bool) -> None:
    """List the runs of all tenants, newest first, of one tenant at most 500.

    \b
    Examples:
      hmctl admin runs list --status failed
      hmctl admin runs list --tenant t_0a1b2c3d4e5f --billing-status held --json
    """
    given = {"tenant_id": tenant, "status": status, "billing_status": billing_status}
    run(op, Options(limit, as_json, {name: value for name, value in given.items() if value}))


def run(op: Operating, options: Options) -> None:
    """Lists, page by page (HttpFailed, TrustRefused)."""
    calls = op.calls
    rows = pages.collect(
        lambda size, cursor: calls.runs(size, cursor, filters=options.filters),
        limit=options.limit,
        page_rows=pages.BOOK_ROWS,
    )
    if options.as_json:
        op.terminal.document(rows)
    elif rows:
        header = ("RUN_ID", "TENANT", "STATUS", "BILLING", "COST", "CREATED", "ROOM")
        op.terminal.data(columns.table(header, [_row(row) for row in rows]))
    else:
        op.terminal.say("no runs")


def _row(row: JsonObject) -> tuple[str, ...]:
    cost = wire.whole(row, "billing_cost_micro_usd")
    return (
        wire.text(row, "run_id"),
        wire.text(row, "tenant_name") or wire.text(row, "tenant_id") or "-",
        wire.text(row, "status") or "-",
        wire.text(row, "billing_status") or "-",
        "-" if cost is None else units.micro_usd(cost),
        units.moment(wire.number(row, "created_at")),
        wire.text(row, "room_name") or wire.text(row, "room_id") or "-",
    )
