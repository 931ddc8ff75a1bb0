"""`hmctl agents delete`."""

from dataclasses import dataclass

import click

from hmctl import ids
from hmctl.app import App
from hmctl.client import pages
from hmctl.client.v1 import V1
from hmctl.commands.agents import callers, get
from hmctl.commands.wiring import confirm, json_option, with_app, yes_option
from hmctl.errors import BadInput
from hmctl.rooms import listing


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    agent_id: str
    room: str | None
    yes: bool
    force: bool
    as_json: bool


@click.command("delete")
@click.argument("agent_id")
@yes_option
@click.option("--link", "--room", "room", metavar="ROOM", help="Delete one that you brought to this room.")
@click.option("--force", is_flag=True, help="Delete it even if rooms use it.")
@json_option
@with_app()
def command(app: App, agent_id: str, room: str | None, yes: bool, force: bool, as_json: bool) -> None:
    """Delete an agent. An agent that an active room uses stays, unless --force is given.

    \b
    Examples:
      hmctl agents delete 9f1e22aa0b3c
      hmctl agents delete 9f1e22aa0b3c --link "$ROOM"
    """
    run(app, Options(agent_id, room, yes, force, as_json))


def run(app: App, options: Options) -> None:
    """Looks for rooms that use it, asks, deletes (BadInput, Declined, HttpFailed)."""
    agent_id = ids.checked(options.agent_id, what="agent")
    caller = callers.of(app, options.room)
    get.fetch(caller, agent_id)
    users = [] if options.force or options.room else _rooms_using(app, caller, agent_id)
    if users:
        raise BadInput(
            f"agent {agent_id} is used by {', '.join(users[:8])}",
            hint="Revoke these rooms first, or repeat with --force.",
        )
    confirm(app, f"Delete agent {agent_id}?", yes=options.yes)
    caller.delete_agent(agent_id)
    if options.as_json:
        app.terminal.document({"status": "ok", "agent_id": agent_id})
    else:
        app.terminal.data(f"deleted {agent_id}")


def _rooms_using(app: App, owner: V1, agent_id: str) -> list[str]:
    rooms = (listing.read(app, row) for row in pages.collect(owner.rooms, limit=None))
    return [room.room_id for room in rooms if not room.is_revoked and room.mentions_agent(agent_id)]
