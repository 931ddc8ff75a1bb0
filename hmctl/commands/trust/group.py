"""`hmctl trust`."""

from typing import Final

import click

from hmctl.lazy import Entry, LazyGroup

COMMANDS: Final = {
    "approve": Entry("hmctl.commands.trust.approve:command", "Verify a service and approve the build it runs."),
    "attest": Entry("hmctl.commands.trust.attest:command", "Verify a service and show every check."),
    "pin": Entry("hmctl.commands.trust.pin.group:group", "Sign which builds may get your key."),
    "reset": Entry("hmctl.commands.trust.reset:command", "Forget approved builds."),
    "show": Entry("hmctl.commands.trust.show:command", "Show approved builds."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
def group() -> None:
    """See what a service proves, what you approved, and which builds may get your key.

    \b
    Examples:
      hmctl trust attest --service https://rooms.example
      hmctl trust approve https://rooms.example
      hmctl trust pin create --live
    """
