"""`hmctl agents files`."""

from dataclasses import dataclass
from pathlib import Path

import click

from hmctl import files, ids
from hmctl.app import App
from hmctl.client import wire
from hmctl.commands.agents import callers, get
from hmctl.commands.wiring import json_option, with_app
from hmctl.render import columns


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    agent_id: str
    path: str | None
    room: str | None
    output: Path | None
    as_json: bool


@click.command("files")
@click.argument("agent_id")
@click.argument("path", required=False)
@click.option("--link", "--room", "room", metavar="ROOM", help="Read as the bearer of this link.")
@click.option("--output", type=click.Path(path_type=Path), help="Write the file here instead of stdout.")
@json_option
@with_app()
def command(app: App, agent_id: str, path: str | None, room: str | None, output: Path | None, as_json: bool) -> None:
    """List an agent's stored files, or print one. Sealed agents show names and sizes only.

    \b
    Examples:
      hmctl agents files 9f1e22aa0b3c
      hmctl agents files 9f1e22aa0b3c agent.py --link "$ROOM"
    """
    run(app, Options(agent_id, path, room, output, as_json))


def run(app: App, options: Options) -> None:
    """Lists or prints (HttpFailed, TrustRefused)."""
    agent_id = ids.checked(options.agent_id, what="agent")
    client = callers.of(app, options.room)
    if options.path is None:
        answer = client.agent_files(agent_id)
        if options.as_json:
            app.terminal.document(answer)
        else:
            rows = [get.file_row(item) for item in wire.objects(answer, "files")]
            app.terminal.data(columns.table(("FILE", "SIZE", ""), rows))
        return
    content = client.agent_file(agent_id, options.path)
    if options.output is not None:
        files.save(options.output, content)
    elif options.as_json:
        app.terminal.document({"agent_id": agent_id, "path": options.path, "text": content.decode("utf-8", "replace")})
    else:
        app.terminal.file(content)
