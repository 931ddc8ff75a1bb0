"""`hmctl receipt get`."""

from dataclasses import dataclass
from pathlib import Path

import click

from attestation.digests import sha256_hex
from hmctl import files, ids
from hmctl.app import App
from hmctl.client.v1 import V1
from hmctl.commands.wiring import json_option, with_app
from hmctl.rooms import reference
from hmctl.runs import paying, receipts, statements
from hmctl.runs.paying import PayerOptions
from hmctl.secret import Secret


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    run_id: str
    room: str | None
    payer_key: str
    output: Path | None
    as_json: bool


@click.command("get")
@click.argument("run_id", metavar="RUN")
@click.option("--link", "--room", "room", metavar="ROOM", help="Fetch as the bearer of this link.")
@click.option("--payer-key", default="", metavar="TOKEN", help="The spend token that paid, for a share link.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file instead of stdout.")
@json_option
@with_app()
def command(app: App, run_id: str, room: str | None, payer_key: str, output: Path | None, as_json: bool) -> None:
    """Fetch the receipt of RUN, which must have ended. Nothing is verified here: see `hmctl receipt verify`.

    A receipt is JSON in its one spelling, so it goes to stdout as it is; with --json and -o, stdout names the file.

    Where a hardware quote stands behind it, the maker's statements about the machine are added, so that the file can be
    checked without a connection.

    \b
    Examples:
      hmctl receipt get 4f0a9c1d22be -o receipt.json
      hmctl receipt get 4f0a9c1d22be --link "$ROOM" > receipt.json
    """
    run(app, Options(run_id, room, payer_key, output, as_json))


def run(app: App, options: Options) -> None:
    """Fetches and prints or writes (HttpFailed, BadAnswer, BadInput)."""
    run_id = ids.checked(options.run_id, what="run")
    if options.output is not None:
        files.check_can_save(options.output)
    client, payer = _caller(app, options)
    receipt = statements.complete(app, receipts.fetch(client, run_id, payer=payer))
    content = receipts.text(receipt)
    if options.output is None:
        app.terminal.file(content)
        return
    files.save(options.output, content)
    if options.as_json:
        told = {"run_id": run_id, "path": str(options.output), "size_bytes": len(content)}
        app.terminal.document(told | {"sha256": sha256_hex(content)})
    else:
        app.terminal.say(f"receipt written to {options.output}")


def _caller(app: App, options: Options) -> tuple[V1, Secret | None]:
    if options.room is None:
        return app.owner(), None
    ref = reference.read(app, options.room)
    payer = paying.reader(app, ref, PayerOptions(options.payer_key)) if ref.is_share else None
    return app.caller(ref.service, ref.bearer), payer
