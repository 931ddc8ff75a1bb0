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
    """Give every tenant's database a role of its own where it has none yet. Exit code 1 if one could not be.

    \b
    Example:
      hmctl admin tenants migrate-roles
    """
    run(op, as_json=as_json)


def run(op: Operating, *, as_json: bool) -> None:
    """Migrates and lists what happened (HttpFailed; exit 1 if a database failed)."""
    results = op.calls.migrate_roles()
    if as_json:
        op.terminal.document(results)
    elif results:
        rows = [(_outcome(row), wire.text(row, "db_name") or "-", wire.text(row, "error")) for row in results]
        op.terminal.data(columns.table(("OUTCOME", "DATABASE", "ERROR"), rows))
    else:
        op.terminal.say("nothing to migrate")
    if any(row.get("error") for row in results):
        raise click.exceptions.Exit(exits.FAILED)


def _outcome(row: JsonObject) -> str:
    return "failed" if row.get("error") else "migrated" if row.get("migrated") else "skipped"
