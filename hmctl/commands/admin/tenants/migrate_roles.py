"""`hmctl admin tenants migrate-roles`."""

import click

from hmctl import exits
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.render import columns


@click.command("migrate-roles")
@click.option("--json", "--as-json", "as_json", is_flag=True, help="Print a JSON document on stdout.")
@with_operator
def command(op: Operating, as_json: bool) -> None:
    """Check that every tenant's database has roles of its own, and repair them. Exit code 1 if one could not be.

    \b
    Example:
      hmctl admin tenants migrate-roles
    """
    run(op, as_json=as_json)


def run(op: Operating, *, as_json: bool) -> None:
    """Repairs and lists how each was found (HttpFailed; exit 1 if a database failed)."""
    results = op.calls.migrate_roles()
    outcomes = [_outcome(row) for row in results]
    if as_json:
        op.terminal.document(results)
    elif results:
        rows = [(outcome, *_database(row)) for outcome, row in zip(outcomes, results, strict=True)]
        op.terminal.data(columns.table(("OUTCOME", "TENANT_ID", "DATABASE", "ERROR"), rows))
    else:
        op.terminal.say("no databases")
    if "error" in outcomes:
        raise click.exceptions.Exit(exits.FAILED)


def _outcome(row: JsonObject) -> str:
    told = wire.text(row, "status")
    if told:
        return told
    return "error" if row.get("error") else "repaired" if row.get("migrated") else "ok"


def _database(row: JsonObject) -> tuple[str, str, str]:
    name = wire.text(row, "database") or wire.text(row, "db_name")
    return wire.text(row, "tenant_id") or "-", name or "-", wire.text(row, "detail") or wire.text(row, "error")
