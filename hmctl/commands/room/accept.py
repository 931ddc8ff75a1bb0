"""`hmctl room accept`."""

from dataclasses import dataclass

import click

from hmctl.app import App
from hmctl.commands.wiring import json_option, with_app
from hmctl.render import room as room_text
from hmctl.rooms import opening, reference
from hmctl.trust import consent


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

    The record holds for exactly these signed terms. When the owner changes them, you are asked again and shown what
    changed.

    \b
    Example:
      hmctl room accept "$ROOM"
    """
    run(app, Options(room, as_json))


def run(app: App, options: Options) -> None:
    """Verifies, prints, records (RoomRejected, TrustRefused)."""
    opened = opening.open_room(app, reference.read(app, options.room))
    terms = opened.terms(app.profile_name)
    compared = consent.compare(app, opened)
    if app.acceptances.has(terms):
        shown = f"You accepted these terms before. As signed by its owner:\n{room_text.terms(opened)}"
    else:
        shown = consent.proposal(opened, compared)
    (app.terminal.say if options.as_json else app.terminal.data)(shown)
    consent.record(app, opened)
    if options.as_json:
        app.terminal.document(
            {
                "accepted": True,
                "profile": app.profile_name,
                "room_id": terms.room_id,
                "manifest_hash": terms.manifest_hash,
                "manifest": opened.verified.wire,
                "changes": None if compared.changes is None else [each.as_json() for each in compared.changes],
            }
        )
        return
    app.terminal.success(f"accepted for profile {app.profile_name!r}")
