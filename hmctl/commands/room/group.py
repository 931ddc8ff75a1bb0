"""`hmctl room`."""

from typing import Final

import click

from hmctl.lazy import Entry, LazyGroup

COMMANDS: Final = {
    "accept": Entry("hmctl.commands.room.accept:command", "Agree to a room's terms for this profile."),
    "add-data": Entry("hmctl.commands.room.add_data:command", "Put a text into a room's vault."),
    "ask": Entry("hmctl.commands.room.ask:command", "Ask a room and verify the answer."),
    "cancel": Entry("hmctl.commands.room.cancel:command", "Stop a run that has not ended."),
    "create": Entry("hmctl.commands.room.create:command", "Upload agents, sign a room, get its invite."),
    "data": Entry("hmctl.commands.room.data:command", "List what a room's vault holds."),
    "delete-data": Entry("hmctl.commands.room.delete_data:command", "Remove items from a room's vault."),
    "inspect": Entry("hmctl.commands.room.inspect:command", "Verify and show a room's signed terms."),
    "list": Entry("hmctl.commands.room.list:command", "List your rooms."),
    "prune": Entry("hmctl.commands.room.prune:command", "Revoke many rooms at once; shows which first."),
    "quote": Entry("hmctl.commands.room.quote:command", "Show what a question can cost at most."),
    "revoke": Entry("hmctl.commands.room.revoke:command", "End a room with its invites and share link."),
    "runs": Entry("hmctl.commands.room.runs:command", "List runs, or fetch and verify one."),
    "share": Entry("hmctl.commands.room.share:command", "Show, make, rotate or remove a share link."),
    "trust": Entry("hmctl.commands.room.trust:command", "Change which builds a room accepts."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
def group() -> None:
    """Make rooms, read their terms, ask them.

    ROOM is a room id of the active profile's service, or an hmroom:// link.
    """
