"""`hmctl admin tenants create`."""

from dataclasses import dataclass
from pathlib import Path

import click

from hmctl.client.transport import JsonObject
from hmctl.commands.admin import handover
from hmctl.commands.admin.handover import Handover
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    name: str
    allow_duplicate_name: bool
    handover: Handover


@click.command("create")
@click.argument("name")
@click.option("--allow-duplicate-name", is_flag=True, help="Even if another tenant is called so.")
@handover.key_file_option
@json_option
@with_operator
def command(op: Operating, name: str, allow_duplicate_name: bool, key_file: Path | None, as_json: bool) -> None:
    """Make a tenant called NAME with a new database. Its key is shown once, or written with --key-file.

    \b
    Examples:
      hmctl admin tenants create alice --key-file alice.key
      hmctl admin tenants create alice --json
    """
    run(op, Options(name, allow_duplicate_name, Handover(key_file, "", as_json)))


def run(op: Operating, options: Options) -> None:
    """Checks the file, makes the tenant, hands the key over (HttpFailed, BadInput)."""
    handover.check(options.handover)
    body: JsonObject = {"name": options.name}
    if options.allow_duplicate_name:
        body["allow_duplicate_name"] = True
    handover.hand_over(op, op.calls.create_tenant(body), options.handover)
