"""`hmctl admin tenants rename-database`."""

from dataclasses import dataclass

import click

from hmctl.commands.admin.operating import Operating, with_operator
from hmctl.commands.wiring import json_option, yes_option


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    old: str
    new: str
    yes: bool
    as_json: bool


@click.command("rename-database")
@click.argument("old")
@click.argument("new")
@yes_option
@json_option
@with_operator
def command(op: Operating, old: str, new: str, yes: bool, as_json: bool) -> None:
    """Change the name of the database OLD to NEW. The service may refuse it while the database is in use.

    \b
    Example:
      hmctl admin tenants rename-database tenant_t_0a1b2c3d4e5f alice_prod
    """
    run(op, Options(old, new, yes, as_json))


def run(op: Operating, options: Options) -> None:
    """Asks, renames (Declined, HttpFailed)."""
    op.confirm(f"Rename the database {options.old!r} to {options.new!r}?", yes=options.yes)
    answer = op.calls.rename_database(options.old, options.new)
    if options.as_json:
        op.terminal.document(answer)
    else:
        op.terminal.data(f"{options.old} -> {options.new}")
