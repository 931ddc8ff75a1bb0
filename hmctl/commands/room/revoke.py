"""`hmctl room revoke`."""

from dataclasses import dataclass
from typing import Final

import click

from attestation.errors import KernelError
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.client.v1 import V1
from hmctl.commands.wiring import confirm, json_option, with_app, yes_option
from hmctl.errors import HttpFailed
from hmctl.render import columns
from hmctl.rooms import reference, revocations
from hmctl.rooms.reference import RoomRef

_NOT_FOUND: Final = 404  # also of a room that is revoked already


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
    """End a room: its invites and share link stop working at once, and its end is signed. Only the owner may.

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
    answer = _revoke(app.owner(), ref.room_id)
    signed = _remember(app, ref, answer)
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
                ("Signed", "yes: nobody can bring the room back" if signed else "no"),
            ]
        )
    )


def _revoke(owner: V1, room_id: str) -> JsonObject:
    """Ends the room; of one that somebody else ended before, the end is signed at least (HttpFailed)."""
    try:
        return owner.revoke_room(room_id)
    except HttpFailed as problem:
        if problem.status != _NOT_FOUND:
            raise
        try:
            told = owner.sign_revocation(room_id)
        except HttpFailed:
            raise problem from None
    return {"status": "ok", "room_id": room_id, "revocation": told.get("revocation")}


def _remember(app: App, ref: RoomRef, answer: JsonObject) -> bool:
    """Whether the service handed out the owner's signed statement; warns where it did not."""
    if answer.get("revocation") is None:
        app.terminal.warn("no statement was signed, so a service could show the room again to those who had its link")
        return False
    try:
        # Met here for the first time: the profile's own service says which key it signs with.
        owner = revocations.owner_of(app, ref) or wire.text(wire.obj(answer, "revocation"), "signer_pubkey_b64")
        revocations.read(app, answer["revocation"], room_id=ref.room_id, owner_pubkey_b64=owner)
    except KernelError as problem:
        app.terminal.warn(f"the statement that the service signed does not verify: {problem}")
        return False
    return True
