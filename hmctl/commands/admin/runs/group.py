"""`hmctl admin runs`."""

from typing import Final

import click

from hmctl.lazy import Entry, LazyGroup

COMMANDS: Final = {
    "list": Entry("hmctl.commands.admin.runs.list:command", "List runs of all tenants."),
    "show": Entry("hmctl.commands.admin.runs.show:command", "Show one run: states, times and money."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
def group() -> None:
    """Look at the runs of all tenants: states, times and money, never questions or answers."""
