"""`hmctl trust`."""

from typing import Final

import click

from hmctl.lazy import Entry, LazyGroup

COMMANDS: Final = {
    "attest": Entry("hmctl.commands.trust.attest:command", "Show what a service says about itself."),
    "reset": Entry("hmctl.commands.trust.reset:command", "Forget approved builds."),
    "show": Entry("hmctl.commands.trust.show:command", "Show approved builds."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
def group() -> None:
    """See what a service claims and what you approved."""
