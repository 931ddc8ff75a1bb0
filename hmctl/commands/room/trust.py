"""`hmctl room trust`."""

from dataclasses import dataclass

import click

from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadUsage
from hmctl.render import columns
from hmctl.rooms import opening, reference


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    room: str
    mode: str | None
    composes: tuple[str, ...]
    approve_live: bool
    as_json: bool


@click.command("trust")
@click.argument("room")
@click.option("--mode", type=click.Choice(["operator_updates", "pinned", "owner_approved"]))
@click.option(
    "--compose",
    "composes",
    multiple=True,
    metavar="HASH",
    help="Replace the list by these builds; repeatable.",
)
@click.option("--approve-live", is_flag=True, help="Add the build that runs now.")
@json_option
@with_app()
def command(
    app: App, room: str, mode: str | None, composes: tuple[str, ...], approve_live: bool, as_json: bool
) -> None:
    """Sign a room's terms anew with another trust policy. Links stay valid; participants are asked to agree again.

    \b
    Example:
      hmctl room trust room_5e0c1a9b77d2 --mode owner_approved --approve-live
    """
    run(app, Options(room, mode, composes, approve_live, as_json))


def run(app: App, options: Options) -> None:
    """Changes the policy and verifies what was signed (BadUsage, RoomRejected, HttpFailed)."""
    if not (options.mode or options.composes or options.approve_live):
        raise BadUsage("nothing to change: give --mode, --compose or --approve-live")
    ref = reference.read_as_owner(app, options.room)
    owner = app.owner()
    opening.verify(app, ref, wire.obj(owner.room_attest(ref.room_id), "room"))
    body: JsonObject = {"append_live": options.approve_live}
    if options.mode:
        body["mode"] = options.mode
    if options.composes:
        body["allowed_composes"] = list(options.composes)
    answer = owner.update_trust(ref.room_id, body)
    room = wire.obj(answer, "room")
    verified, _ = opening.verify(app, ref, room)
    if options.as_json:
        shown = opening.room_json(room, verified)
        app.terminal.document(dict(answer) | {"room_id": ref.room_id, "room": shown})
        return
    trust = verified.manifest.trust
    app.terminal.data(
        columns.labelled(
            [
                ("Room", ref.room_id),
                ("Mode", trust.mode),
                ("Allowed", ", ".join(trust.allowed_composes) or "-"),
                ("Hash", verified.manifest_hash),
            ]
        )
    )
