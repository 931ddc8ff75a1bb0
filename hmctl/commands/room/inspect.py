"""`hmctl room inspect`."""

from dataclasses import dataclass

import click

from hmctl.app import App
from hmctl.commands.wiring import json_option, with_app
from hmctl.render import room as room_text
from hmctl.rooms import opening, reference


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    room: str
    as_json: bool


@click.command("inspect")
@click.argument("room")
@json_option
@with_app()
def command(app: App, room: str, as_json: bool) -> None:
    """Verify a room and show its terms: rules, agents, tables, egress, trust.

    Everything shown is what the owner signed. A link needs no profile.

    \b
    Examples:
      hmctl room inspect "$ROOM"
      hmctl room inspect "$ROOM" --json | jq .room.manifest
    """
    run(app, Options(room, as_json))


def run(app: App, options: Options) -> None:
    """Verifies and prints (RoomRejected, TrustRefused)."""
    opened = opening.open_room(app, reference.read(app, options.room))
    if options.as_json:
        app.terminal.document(opened.as_json())
    else:
        app.terminal.data(room_text.terms(opened))
