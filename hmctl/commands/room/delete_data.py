"""`hmctl room delete-data`."""

from dataclasses import dataclass

import click

from hmctl import ids
from hmctl.app import App
from hmctl.commands.wiring import confirm, json_option, with_app, yes_option
from hmctl.rooms import opening, reference


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    room: str
    item_ids: tuple[str, ...]
    yes: bool
    as_json: bool


@click.command("delete-data")
@click.argument("room")
@click.argument("item_ids", metavar="ITEM_ID...", nargs=-1, required=True)
@yes_option
@json_option
@with_app()
def command(app: App, room: str, item_ids: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Remove items from a room's vault for good. Only the owner may.

    \b
    Example:
      hmctl room delete-data room_5e0c1a9b77d2 rvi_2ba7dd225bdfa906
    """
    run(app, Options(room, item_ids, yes, as_json))


def run(app: App, options: Options) -> None:
    """Asks, then deletes one by one; stops at the first failure (Declined, HttpFailed)."""
    wanted = [ids.checked(item, what="vault item") for item in options.item_ids]
    opened = opening.open_room(app, reference.read_as_owner(app, options.room), whatever_runs=True)
    room_id = opened.manifest.room_id
    confirm(app, f"Delete {len(wanted)} item(s) of {room_id}?", yes=options.yes)
    for item in wanted:
        opened.client.delete_data(room_id, item)
        app.terminal.success(f"deleted {item}")
    if options.as_json:
        app.terminal.document({"room_id": room_id, "deleted": wanted})
