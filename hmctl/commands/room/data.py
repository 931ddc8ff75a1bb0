"""`hmctl room data`."""

import json
from dataclasses import dataclass

import click

from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.commands.wiring import json_option, with_app
from hmctl.render import columns, units
from hmctl.rooms import opening, reference


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    room: str
    show_text: bool
    as_json: bool


@click.command("data")
@click.argument("room")
@click.option("--show-text", is_flag=True, help="Print the texts too.")
@json_option
@with_app()
def command(app: App, room: str, show_text: bool, as_json: bool) -> None:
    """List the items of a room's vault. Only the owner may.

    \b
    Examples:
      hmctl room data room_5e0c1a9b77d2
      hmctl room data room_5e0c1a9b77d2 --show-text
    """
    run(app, Options(room, show_text, as_json))


def run(app: App, options: Options) -> None:
    """Verifies the room and lists its vault (RoomRejected, HttpFailed)."""
    opened = opening.open_room(app, reference.read_as_owner(app, options.room))
    answer = opened.client.data(opened.manifest.room_id)
    if options.as_json:
        app.terminal.document(answer)
        return
    items = wire.objects(answer, "items")
    app.terminal.data(columns.labelled([("Room", opened.manifest.room_id), ("Items", str(len(items)))]))
    if items:
        app.terminal.data(columns.table(("ITEM_ID", "SIZE", "CREATED", "METADATA"), [_row(item) for item in items]))
    for item in items if options.show_text else ():
        app.terminal.data(f"\n{wire.text(item, 'item_id')}\n{columns.quoted(wire.text(item, 'text'))}")


def _row(item: JsonObject) -> tuple[str, ...]:
    return (
        wire.text(item, "item_id"),
        units.size(wire.whole(item, "size_bytes") or 0),
        units.moment(wire.number(item, "created_at")),
        json.dumps(wire.obj(item, "metadata"), sort_keys=True, ensure_ascii=False),
    )
