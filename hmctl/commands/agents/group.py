"""`hmctl agents`."""

from typing import Final

import click

from hmctl.lazy import Entry, LazyGroup

COMMANDS: Final = {
    "delete": Entry("hmctl.commands.agents.delete:command", "Delete an agent that no room uses."),
    "files": Entry("hmctl.commands.agents.files:command", "List an agent's files, or print one."),
    "get": Entry("hmctl.commands.agents.get:command", "Show one agent."),
    "logs": Entry("hmctl.commands.agents.logs:command", "Show what an agent's build printed."),
    "list": Entry("hmctl.commands.agents.list:command", "List your agents."),
    "upload": Entry("hmctl.commands.agents.upload:command", "Upload and build an agent."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
def group() -> None:
    """List, upload, read and delete agents."""
