"""`hmctl admin tenants reset-key`."""

from dataclasses import dataclass
from pathlib import Path

import click

from hmctl import ids
from hmctl.commands.admin import handover
from hmctl.commands.admin.handover import Handover
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option, yes_option


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    tenant_id: str
    clear_seal: bool
    revoke_capabilities: bool
    yes: bool
    handover: Handover


@click.command("reset-key")
@click.argument("tenant_id")
@click.option("--clear-seal", is_flag=True, help="Give up everything encrypted under the lost key: sources, vaults.")
@click.option("--revoke-capabilities", is_flag=True, help="Revoke all the tenant's invites and share links too.")
@click.option("--profile-name", default="", metavar="NAME", help="Name the profile so in the command for the tenant.")
@handover.key_file_option
@yes_option
@json_option
@with_operator
def command(op: Operating, /, tenant_id: str, key_file: Path | None, yes: bool, as_json: bool, **given: object) -> None:
    """Replace a tenant's key by a new one, for a tenant that lost it. The old key dies at once.

    \b
    Example:
      hmctl admin tenants reset-key t_0a1b2c3d4e5f --key-file alice.key
    """
    options = Options(
        tenant_id=tenant_id,
        clear_seal=bool(given["clear_seal"]),
        revoke_capabilities=bool(given["revoke_capabilities"]),
        yes=yes,
        handover=Handover(key_file, str(given["profile_name"]), as_json),
    )
    run(op, options)


def run(op: Operating, options: Options) -> None:
    """Checks the file, asks, resets, hands the key over (Declined, HttpFailed, BadInput)."""
    tenant_id = ids.checked(options.tenant_id, what="tenant")
    handover.check(options.handover)
    losses = ["its old key dies at once"]
    if options.clear_seal:
        losses.append("what is encrypted under it can never be read again")
    if options.revoke_capabilities:
        losses.append("all its invites and share links die")
    op.confirm(f"Reset the key of tenant {tenant_id}? {'; '.join(losses).capitalize()}.", yes=options.yes)
    body = {"clear_seal": options.clear_seal, "revoke_capabilities": options.revoke_capabilities}
    handover.hand_over(op, op.calls.reset_key(tenant_id, {**body}), options.handover)
