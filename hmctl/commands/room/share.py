"""`hmctl room share`."""

from dataclasses import dataclass
from typing import cast

import click

from attestation import links
from attestation.errors import LinkError
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.client.v1 import ShareAction
from hmctl.commands.wiring import confirm, json_option, with_app, yes_option
from hmctl.errors import RoomRejected
from hmctl.render import columns, units
from hmctl.rooms import opening, reference
from hmctl.rooms.opening import OpenedRoom

_QUESTIONS = {
    "rotate": "Replace the share link of {}? The present one stops working at once.",
    "off": "Remove the share link of {}? It stops working at once.",
}


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    room: str
    action: ShareAction
    yes: bool
    as_json: bool


@click.command("share")
@click.argument("room")
@click.argument("action", type=click.Choice(["show", "on", "rotate", "off"]), default="show")
@yes_option
@json_option
@with_app()
def command(app: App, room: str, action: str, yes: bool, as_json: bool) -> None:
    """Show, make, rotate or remove the share link of a room. Only the owner may.

    Whoever holds a share link may ask; each asker pays with a profile of their own and sees only own runs. A service
    that stores no tokens shows the link once, when it is made.

    \b
    Examples:
      hmctl room share room_5e0c1a9b77d2 on
      hmctl room share room_5e0c1a9b77d2 rotate
    """
    run(app, Options(room, cast(ShareAction, action), yes, as_json))


def run(app: App, options: Options) -> None:
    """Verifies the room, acts, verifies the link (Declined, RoomRejected, HttpFailed)."""
    ref = reference.read_as_owner(app, options.room)
    opened = opening.open_room(app, ref, whatever_runs=options.action in ("show", "off"))
    room_id = opened.manifest.room_id
    if options.action in _QUESTIONS:
        confirm(app, _QUESTIONS[options.action].format(room_id), yes=options.yes)
    answer = opened.client.share_link(room_id, options.action)
    link = wire.text(answer, "link")
    if link:
        _check(opened, link)
    if options.as_json:
        app.terminal.document(answer)
    else:
        _print(app, answer, room_id, link)


def _print(app: App, answer: JsonObject, room_id: str, link: str) -> None:
    enabled = answer.get("enabled") is True
    facts = [("Room", room_id), ("Share link", "on" if enabled else "off")]
    if enabled:
        facts.append(("Since", units.moment(wire.number(answer, "rotated_at") or wire.number(answer, "created_at"))))
        facts.append(("Token", wire.text(answer, "prefix") or "-"))
    app.terminal.data(columns.labelled(facts))
    if link:
        app.terminal.data(f"Link: {link}")
    elif enabled:
        app.terminal.say("the link was shown when it was made; `hmctl room share ROOM rotate` makes a new one")


def _check(opened: OpenedRoom, text: str) -> None:
    try:
        link = links.parse_link(text)
    except LinkError as problem:
        raise RoomRejected(f"the service made no usable link: {problem}", code="link_unusable") from None
    same_key = link.owner_pubkey_b64 == opened.verified.owner_pubkey_b64
    if not (link.is_share and same_key and link.room_id == opened.manifest.room_id):
        raise RoomRejected("the share link does not lead to this room with its owner's key", code="link_unusable")
