"""`hmctl receipt`."""

from typing import Final

import click

from hmctl.lazy import Entry, LazyGroup

COMMANDS: Final = {
    "get": Entry("hmctl.commands.receipt.get:command", "Fetch what checks an answer later."),
    "verify": Entry("hmctl.commands.receipt.verify:command", "Check a receipt without a connection."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
def group() -> None:
    """Keep and check what proves an answer."""
