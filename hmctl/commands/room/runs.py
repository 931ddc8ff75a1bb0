"""`hmctl room runs`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import click

from hmctl import files, ids
from hmctl.app import App
from hmctl.client import pages, retries, wire
from hmctl.client.pages import Page
from hmctl.commands.room import answering
from hmctl.commands.room.answering import Pending, Presentation
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadInput
from hmctl.render import run as run_text
from hmctl.rooms import opening, reference
from hmctl.rooms.opening import OpenedRoom
from hmctl.rooms.reference import RoomRef
from hmctl.runs import paying
from hmctl.runs.artifacts import Target
from hmctl.runs.asked import Asked, AskedRuns
from hmctl.runs.paying import PayerOptions


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    run_id: str | None
    room: str | None
    wait: bool
    window_seconds: float
    limit: int
    payer: PayerOptions
    presentation: Presentation


@click.command("runs")
@click.argument("run_id", required=False)
@click.option(
    "--link",
    "--room",
    "room",
    metavar="ROOM",
    help="List the runs, or read the run, of this room or as the bearer of this link.",
)
@click.option("--wait", is_flag=True, help="Wait until the run ends, verify it and print the answer.")
@click.option("--window", type=click.IntRange(min=1), default=2820, show_default=True, help="Longest wait in seconds.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many runs to list.")
@click.option("--fetch", is_flag=True, help="Save artifacts below ./hivemind-artifacts.")
@click.option("--artifacts", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Save them here.")
@click.option("--overwrite", is_flag=True, help="Replace other files of the same names.")
@click.option("--output", type=click.Path(path_type=Path), help="Write the answer to this file.")
@click.option("--no-strict-attestation", is_flag=True, help="Show the answer even if its record is rejected.")
@click.option("--payer-key", default="", metavar="TOKEN", help="The spend token that paid, for a share link.")
@click.option("--allow-foreign-payer", is_flag=True, help="As for room ask; share links need your key to read a run.")
@json_option
@with_app()
def command(
    app: App, /, run_id: str | None, room: str | None, wait: bool, window: int, limit: int, **shown: object
) -> None:
    """List runs, print one as the service tells it, or fetch and verify one.

    RUN_ID alone prints the service's JSON. With --link, --room, --wait or --artifacts the run is verified as after
    `room ask` and its answer printed, with the exit codes of `room ask`. What this machine asked is verified against
    its own notes. Each artifact is compared with the signed record before it is written.

    \b
    Examples:
      hmctl room runs
      hmctl room runs --link "$ROOM"
      hmctl room runs 4f0a9c1d22be
      hmctl room runs 4f0a9c1d22be --link "$ROOM" --wait
      hmctl room runs 4f0a9c1d22be --link "$ROOM" --artifacts ./report
    """
    output = shown["output"]
    presentation = Presentation(
        as_json=bool(shown["as_json"]),
        target=_target(shown),
        output=output if isinstance(output, Path) else None,
        strict=not shown["no_strict_attestation"],
    )
    payer = PayerOptions(str(shown["payer_key"]), bool(shown["allow_foreign_payer"]))
    run(
        app,
        Options(run_id, room, wait, float(window), limit, payer, presentation),
    )


def _target(shown: dict[str, object]) -> Target | None:
    folder, overwrite = shown["artifacts"], bool(shown["overwrite"])
    if isinstance(folder, Path):
        return Target(folder, overwrite)
    return Target(overwrite=overwrite) if shown["fetch"] else None


def run(app: App, options: Options) -> None:
    """Lists, prints or verifies (HttpFailed, RecordRejected, …)."""
    run_id = None if options.run_id is None else ids.checked(options.run_id, what="run")
    if run_id is None:
        _list(app, options)
    elif options.room is None and not options.wait and options.presentation.target is None:
        app.terminal.document(app.owner().run(run_id))
        app.terminal.warn("this is what the service says; --wait verifies the signed record")
    else:
        _verify(app, options, run_id)


def _list(app: App, options: Options) -> None:
    fetch = _pages(app, options)
    rows = retries.call(lambda: pages.collect(fetch, limit=options.limit), retry=retries.READ, clock=app.clock)
    if options.presentation.as_json:
        app.terminal.document(rows)
    elif rows:
        app.terminal.data(run_text.table(rows))
    elif options.room is None:
        app.terminal.say("no runs yet; those asked through a link are listed with --link ROOM")
    else:
        app.terminal.say("no runs yet")


def _pages(app: App, options: Options) -> Callable[[int, str], Page]:
    """How runs are read: those of the profile's tenant, or those of ROOM that its bearer or payer may see."""
    if options.room is None:
        return app.owner().runs
    ref = reference.read(app, options.room)
    bearer = app.caller(ref.service, ref.bearer)
    payer = paying.reader(app, ref, options.payer) if ref.is_share else None

    def of_room(rows: int, cursor: str) -> Page:
        page = bearer.runs(rows, cursor, payer=payer)
        return replace(page, rows=[row for row in page.rows if wire.text(row, "room_id") == ref.room_id])

    return of_room


def _verify(app: App, options: Options, run_id: str) -> None:
    if options.presentation.output is not None:
        files.check_can_save(options.presentation.output)
    ref = _room_of(app, options, run_id)
    payer = None
    if ref.is_share:
        payer = paying.reader(app, ref, options.payer)
    opened = opening.open_room(app, ref)
    window = options.window_seconds if options.wait else 0.0
    pending = Pending(opened, _facts(app, opened, run_id), payer, window)
    answering.finish(app, pending, options.presentation)


def _room_of(app: App, options: Options, run_id: str) -> RoomRef:
    if options.room is not None:
        return reference.read(app, options.room)
    row = wire.run_row(app.owner().run(run_id))
    if not row.room_id:
        raise BadInput(f"run {run_id} does not say which room it belongs to", hint="Name the room with --room.")
    return reference.read(app, row.room_id)


def _facts(app: App, opened: OpenedRoom, run_id: str) -> Asked:
    asked = AskedRuns(app.settings.home).find(run_id)
    if asked is not None:
        if asked.room_id != opened.manifest.room_id:
            raise BadInput(f"run {run_id} was asked of room {asked.room_id}, not of {opened.manifest.room_id}")
        return asked
    app.terminal.warn("this run was not asked from here, so its question cannot be compared with the record")
    return Asked(
        run_id=run_id,
        service=opened.ref.service.url,
        room_id=opened.manifest.room_id,
        room_manifest_hash=opened.verified.manifest_hash,
    )
