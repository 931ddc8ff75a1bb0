"""`hmctl trust pin`."""

from typing import Final

import click

from hmctl.lazy import Entry, LazyGroup

COMMANDS: Final = {
    "create": Entry("hmctl.commands.trust.pin.create:command", "Sign which builds may get your key."),
    "list": Entry("hmctl.commands.trust.pin.list:command", "List your pins and compare them with the service's."),
    "revoke": Entry("hmctl.commands.trust.pin.revoke:command", "End a pin."),
    "show": Entry("hmctl.commands.trust.pin.show:command", "Show one pin in full."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
def group() -> None:
    """Compose pins: your signed word for which builds of the service may get your key.

    While a pin is in force, hmctl sends the owner key only to a service whose proven build it names. Pins are kept on
    this machine, so that a service cannot hide them, and at the service, so that your other machines find them.

    \b
    Examples:
      hmctl trust pin create --live --expires-in 90d
      hmctl trust pin list
    """
