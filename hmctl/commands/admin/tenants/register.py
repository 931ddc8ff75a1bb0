"""`hmctl admin tenants register`."""

from dataclasses import dataclass
from pathlib import Path

import click

from hmctl.client.transport import JsonObject
from hmctl.commands.admin import handover
from hmctl.commands.admin.handover import Handover
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option
from hmctl.secret import Secret


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    name: str
    database: str
    tenant_id: str
    key: Secret | None
    allow_duplicate_name: bool
    handover: Handover


@click.command("register")
@click.argument("name")
@click.argument("database")
@click.option("--tenant-id", default="", metavar="ID", help="Give the tenant this id (t_…) instead of a new one.")
@click.option("--api-key", "old_key", default="", metavar="KEY", help="The tenant's key of old; - reads stdin.")
@click.option("--allow-duplicate-name", is_flag=True, help="Even if another tenant is called so.")
@handover.key_file_option
@json_option
@with_operator
def command(op: Operating, /, name: str, database: str, key_file: Path | None, as_json: bool, **given: object) -> None:
    """Make a tenant called NAME of a database that exists already, with a new key or the one it had.

    \b
    Example:
      hmctl admin tenants register alice tenant_t_0a1b2c3d4e5f --tenant-id t_0a1b2c3d4e5f --key-file alice.key
    """
    options = Options(
        name=name,
        database=database,
        tenant_id=str(given["tenant_id"]),
        key=_key(op, str(given["old_key"])),
        allow_duplicate_name=bool(given["allow_duplicate_name"]),
        handover=Handover(key_file, "", as_json),
    )
    run(op, options)


def run(op: Operating, options: Options) -> None:
    """Checks the file, registers, hands the key over (HttpFailed, BadInput)."""
    handover.check(options.handover)
    body: JsonObject = {"name": options.name, "db_name": options.database}
    if options.tenant_id:
        body["tenant_id"] = options.tenant_id
    if options.key is not None:
        body["api_key"] = options.key.reveal()
    if options.allow_duplicate_name:
        body["allow_duplicate_name"] = True
    handover.hand_over(op, op.calls.register_tenant(body), options.handover)


def _key(op: Operating, text: str) -> Secret | None:
    if text == "-":
        text = op.terminal.hidden("The tenant's key")
        return Secret(text, what="the tenant's key")
    return Secret(text, what="the tenant's key") if text else None
