"""`hmctl profile`."""

from typing import Final

import click

from hmctl.lazy import Entry, LazyGroup

COMMANDS: Final = {
    "delete": Entry("hmctl.commands.profile.delete:command", "Remove a profile from this machine."),
    "list": Entry("hmctl.commands.profile.list:command", "List the profiles of this machine."),
    "rename": Entry("hmctl.commands.profile.rename:command", "Give a profile another name."),
    "show": Entry("hmctl.commands.profile.show:command", "Show a profile, its key masked."),
    "use": Entry("hmctl.commands.profile.use:command", "Choose the active profile."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
def group() -> None:
    """Switch between services and keys.

    A profile is a service, a key and a role under a name. The active one is --profile, else HIVEMIND_PROFILE, else
    the one chosen with `hmctl profile use`, else `default`.
    """
