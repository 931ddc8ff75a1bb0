"""`hmctl room add-data`."""

from dataclasses import dataclass
from pathlib import Path

import click

from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadInput
from hmctl.render import columns
from hmctl.rooms import opening, reference
from hmctl.runs import question


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    room: str
    text: str | None
    file: Path | None
    metadata: dict[str, str]
    as_json: bool


@click.command("add-data")
@click.argument("room")
@click.argument("text", required=False)
@click.option("--file", type=click.Path(path_type=Path), help="Take the text from a UTF-8 file; - for stdin.")
@click.option("--meta", multiple=True, metavar="KEY=VALUE", help="Metadata of the item; repeatable.")
@json_option
@with_app()
def command(app: App, room: str, text: str | None, file: Path | None, meta: tuple[str, ...], as_json: bool) -> None:
    """Put a text into a room's encrypted vault. Only the owner may.

    \b
    Example:
      hmctl room add-data room_5e0c1a9b77d2 --file dataset.md --meta source=dataset
    """
    run(app, Options(room, text, file, _metadata(meta), as_json))


def run(app: App, options: Options) -> None:
    """Verifies the room, then sends the text (BadInput, RoomRejected, HttpFailed)."""
    if (options.text is None) == (options.file is None):
        raise BadInput("give the data either as TEXT or with --file")
    if options.file is not None:
        text = question.stdin_text() if str(options.file) == "-" else question.text_of(options.file)
    else:
        text = options.text or ""
    if not text:
        raise BadInput("there is nothing to add: the text is empty")
    opened = opening.open_room(app, reference.read_as_owner(app, options.room))
    body: JsonObject = {"text": text, "metadata": dict(options.metadata)}
    answer = opened.client.add_data(opened.manifest.room_id, body)
    if options.as_json:
        app.terminal.document(answer)
        return
    app.terminal.data(columns.labelled([("Room", opened.manifest.room_id), ("Item", wire.required(answer, "item_id"))]))


def _metadata(pairs: tuple[str, ...]) -> dict[str, str]:
    metadata = {}
    for pair in pairs:
        key, mark, value = pair.partition("=")
        if not mark or not key:
            raise BadInput(f"not KEY=VALUE: {pair[:80]!r}")
        metadata[key] = value
    return metadata
