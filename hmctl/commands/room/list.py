"""`hmctl room list`."""

from dataclasses import dataclass

import click

from hmctl.app import App
from hmctl.client import pages, retries
from hmctl.commands.wiring import json_option, with_app
from hmctl.render import columns, units
from hmctl.rooms import listing
from hmctl.rooms.listing import ListedRoom


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    limit: int
    as_json: bool


@click.command("list")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many rooms to list.")
@json_option
@with_app()
def command(app: App, limit: int, as_json: bool) -> None:
    """List the rooms of the active profile, newest first, as their signed terms describe them.

    \b
    Example:
      hmctl room list --limit 200
    """
    run(app, Options(limit, as_json))


def run(app: App, options: Options) -> None:
    """Lists (HttpFailed, TrustRefused)."""
    owner = app.owner()
    rows = retries.call(lambda: pages.collect(owner.rooms, limit=options.limit), retry=retries.READ, clock=app.clock)
    rooms = [listing.read(app, row) for row in rows]
    if options.as_json:
        app.terminal.document([listing.as_json(room) for room in rooms])
        return
    if not rooms:
        app.terminal.say("no rooms yet")
        return
    app.terminal.data(columns.table(("ROOM_ID", "STATUS", "QUERY", "CREATED", "NAME"), [_row(room) for room in rooms]))
    for room in rooms:
        if room.problem:
            app.terminal.warn(f"{room.room_id}: {room.problem}")


def _row(room: ListedRoom) -> tuple[str, ...]:
    if room.verified is None:
        return (room.room_id, "NOT VERIFIED", "-", "-", "-")
    manifest = room.verified.manifest
    return (
        room.room_id,
        room.state,
        manifest.query.mode,
        units.moment(manifest.created_at),
        manifest.name or "-",
    )
