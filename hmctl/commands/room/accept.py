"""`hmctl room accept`."""

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


@click.command("accept")
@click.argument("room")
@json_option
@with_app()
def command(app: App, room: str, as_json: bool) -> None:
    """Verify a room, show its terms and record that this profile agrees to them.

    The record holds for exactly these signed terms; when the owner changes them, you are asked again.

    \b
    Example:
      hmctl room accept "$ROOM"
    """
    run(app, Options(room, as_json))


def run(app: App, options: Options) -> None:
    """Verifies, prints, records (RoomRejected, TrustRefused)."""
    opened = opening.open_room(app, reference.read(app, options.room))
    terms = opened.terms(app.profile_name)
    app.acceptances.accept(terms, name=opened.manifest.name, at=app.clock.now())
    if options.as_json:
        app.terminal.document(
            {
                "accepted": True,
                "profile": app.profile_name,
                "room_id": terms.room_id,
                "manifest_hash": terms.manifest_hash,
                "manifest": opened.verified.wire,
            }
        )
        return
    app.terminal.data(room_text.terms(opened))
    app.terminal.success(f"accepted for profile {app.profile_name!r}")
