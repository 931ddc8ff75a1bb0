"""`hmctl admin sweep`."""

from dataclasses import dataclass

import click

from hmctl import exits
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option, yes_option
from hmctl.render import columns


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    dry_run: bool
    yes: bool
    as_json: bool


@click.command("sweep")
@click.option("--dry-run/--no-dry-run", default=True, show_default=True, help="Only list them, or delete them too.")
@yes_option
@json_option
@with_operator
def command(op: Operating, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Find agents whose image is gone and cannot be made again. With --no-dry-run they are deleted after a question.

    \b
    Examples:
      hmctl admin sweep
      hmctl admin sweep --no-dry-run
    """
    run(op, Options(dry_run, yes, as_json))


def run(op: Operating, options: Options) -> None:
    """Lists, asks, deletes (Declined, HttpFailed; exit 1 if one could not be deleted)."""
    if not options.dry_run and not (options.yes or op.app.settings.assume_yes):
        found = op.calls.sweep(dry_run=True)
        orphans = wire.objects(found, "orphans")
        if orphans:
            op.terminal.block(_table(orphans))
            op.confirm(f"Delete these {len(orphans)} agents?", yes=False)
    answer = op.calls.sweep(dry_run=options.dry_run)
    orphans = wire.objects(answer, "orphans")
    if options.as_json:
        op.terminal.document(answer)
    else:
        if orphans:
            op.terminal.data(_table(orphans))
        deleted = wire.whole(answer, "deleted") or 0
        word = "would be deleted (--no-dry-run does it)" if options.dry_run else f"found, {deleted} deleted"
        op.terminal.say(f"{len(orphans)} agent(s) {word}")
    if any(orphan.get("error") for orphan in orphans):
        raise click.exceptions.Exit(exits.FAILED)


def _table(orphans: list[JsonObject]) -> str:
    names = ("agent_id", "agent_type", "tenant_name", "reason", "error", "image", "name")
    rows = [tuple(wire.text(orphan, name) or "-" for name in names) for orphan in orphans]
    return columns.table(("AGENT_ID", "TYPE", "TENANT", "REASON", "ERROR", "IMAGE", "NAME"), rows)
