"""`hmctl agents logs`."""

from dataclasses import dataclass

import click

from hmctl import ids
from hmctl.app import App
from hmctl.commands.agents import callers
from hmctl.commands.wiring import json_option, with_app
from hmctl.io import one_line
from hmctl.packages import build_logs


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    agent_id: str
    room: str | None
    as_json: bool


@click.command("logs")
@click.argument("agent_id")
@click.option("--link", "--room", "room", metavar="ROOM", help="Read as the bearer of this link, who brought it.")
@json_option
@with_app()
def command(app: App, agent_id: str, room: str | None, as_json: bool) -> None:
    """Show what the newest build of an agent's image printed. Only whoever uploaded the agent may see it.

    \b
    Examples:
      hmctl agents logs 9f1e22aa0b3c
      hmctl agents logs 9f1e22aa0b3c --link "$ROOM"
    """
    run(app, Options(agent_id, room, as_json))


def run(app: App, options: Options) -> None:
    """Prints the log (BadInput, HttpFailed, TrustRefused)."""
    found = build_logs.fetch(callers.of(app, options.room), ids.checked(options.agent_id, what="agent"))
    if options.as_json:
        app.terminal.document(found.raw)
        return
    app.terminal.answer(found.text or f"({found.silence()})")
    app.terminal.say(f"build {one_line(found.status)}" + (f": {one_line(found.error)}" if found.error else ""))
