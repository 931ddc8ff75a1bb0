"""`hmctl room revoke`."""

from dataclasses import dataclass

import click

from hmctl.app import App
from hmctl.client import wire
from hmctl.commands.wiring import confirm, json_option, with_app, yes_option
from hmctl.render import columns
from hmctl.rooms import reference


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    room: str
    yes: bool
    as_json: bool


@click.command("revoke")
@click.argument("room")
@yes_option
@json_option
@with_app()
def command(app: App, room: str, yes: bool, as_json: bool) -> None:
    """End a room: its invites and share link stop working at once. Only the owner may.

    \b
    Example:
      hmctl room revoke room_5e0c1a9b77d2
    """
    run(app, Options(room, yes, as_json))


def run(app: App, options: Options) -> None:
    """Asks, then revokes with the profile's key at the profile's service (Declined, HttpFailed)."""
    ref = reference.read_as_owner(app, options.room)
    confirm(
        app,
        f"Revoke room {ref.room_id} at {ref.service.url}? Its links stop working for good.",
        yes=options.yes,
    )
    answer = app.owner().revoke_room(ref.room_id)
    if options.as_json:
        app.terminal.document(answer)
        return
    invites = wire.whole(answer, "invites_revoked")
    app.terminal.data(
        columns.labelled(
            [
                ("Room", ref.room_id),
                ("Status", "revoked"),
                ("Invites", "-" if invites is None else f"{invites} revoked"),
                ("Share link", "removed" if answer.get("share_link_disabled") is True else "none"),
            ]
        )
    )
