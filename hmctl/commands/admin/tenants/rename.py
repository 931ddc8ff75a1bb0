"""`hmctl admin tenants rename`."""

from dataclasses import dataclass

import click

from hmctl import ids
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option
from hmctl.errors import BadUsage


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    tenant_id: str
    name: str
    allow_duplicate_name: bool
    as_json: bool


@click.command("rename")
@click.argument("tenant_id")
@click.argument("name")
@click.option("--allow-duplicate-name", is_flag=True, help="Even if another tenant is called so.")
@json_option
@with_operator
def command(op: Operating, tenant_id: str, name: str, allow_duplicate_name: bool, as_json: bool) -> None:
    """Change a tenant's display name to NAME. Keys, rooms and links stay as they are.

    In clients up to 0.3.7 this verb changed the name of a database; that is `rename-database` here.

    \b
    Example:
      hmctl admin tenants rename t_0a1b2c3d4e5f "Alice's team"
    """
    run(op, Options(tenant_id, name, allow_duplicate_name, as_json))


def run(op: Operating, options: Options) -> None:
    """Renames (HttpFailed; BadUsage for what cannot be a tenant's id)."""
    tenant_id = ids.checked(options.tenant_id, what="tenant")
    if not tenant_id.startswith("t_"):
        raise BadUsage(
            f"{tenant_id!r} is no tenant id (t_…)",
            hint="The name of a database is changed with `hmctl admin tenants rename-database OLD NEW`.",
        )
    body: JsonObject = {"name": options.name}
    if options.allow_duplicate_name:
        body["allow_duplicate_name"] = True
    answer = op.calls.rename_tenant(tenant_id, body)
    if options.as_json:
        op.terminal.document(answer)
    else:
        op.terminal.data(f"{tenant_id} is called {wire.text(answer, 'name') or options.name} now")
