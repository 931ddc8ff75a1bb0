"""`hmctl agents list`."""

from typing import Final

import click

from hmctl.app import App
from hmctl.client import pages, wire
from hmctl.commands.wiring import json_option, with_app
from hmctl.render import columns
from hmctl.rooms import listing

_SOURCES: Final = {"full": "inspectable", "sealed": "sealed"}


@click.command("list")
@json_option
@with_app()
def command(app: App, as_json: bool) -> None:
    """List your agents and how many of your active rooms use them.

    \b
    Example:
      hmctl agents list
    """
    run(app, as_json=as_json)


def run(app: App, *, as_json: bool) -> None:
    """Lists (HttpFailed, TrustRefused)."""
    owner = app.owner()
    agents = owner.agents()
    if as_json:
        app.terminal.document(agents)
        return
    if not agents:
        app.terminal.say("no agents yet")
        return
    rooms = [listing.read(app, row) for row in pages.collect(owner.rooms, limit=None)]
    active = [room for room in rooms if not room.is_revoked]
    rows = []
    for agent in agents:
        agent_id = wire.text(agent, "agent_id")
        used = sum(room.mentions_agent(agent_id) for room in active)
        mode = wire.text(agent, "inspection_mode")
        about = (wire.text(agent, "agent_type") or "-", _SOURCES.get(mode, mode or "-"), str(used))
        rows.append((agent_id, *about, wire.text(agent, "name") or "-"))
    app.terminal.data(columns.table(("AGENT_ID", "TYPE", "SOURCE", "ROOMS", "NAME"), rows))
