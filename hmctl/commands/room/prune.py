"""`hmctl room prune`."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import click

from attestation import links
from attestation.errors import KernelError, LinkError
from hmctl import exits
from hmctl.app import App
from hmctl.client import pages
from hmctl.client.transport import JsonObject
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadInput, HmctlError
from hmctl.render import columns
from hmctl.rooms import listing, revocations
from hmctl.rooms.listing import ListedRoom


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    limit: int
    keep: tuple[str, ...]
    name_prefix: str
    legacy_only: bool
    all_active: bool
    dry_run: bool
    as_json: bool


@dataclass
class Pruned:
    """What happened to each candidate."""

    revoked: list[str] = field(default_factory=list)
    errors: list[JsonObject] = field(default_factory=list)


@click.command("prune")
@click.option("--limit", type=click.IntRange(min=1), default=200, show_default=True, help="How many rooms to look at.")
@click.option("--keep", multiple=True, metavar="ROOM", help="Leave this room alone; repeatable.")
@click.option("--name-prefix", default="", metavar="TEXT", help="Only rooms whose signed name begins so.")
@click.option("--legacy-only", is_flag=True, help="Only rooms whose terms lack allowed_tables.")
@click.option("--all-active", is_flag=True, help="Every room that is not revoked.")
@click.option("--dry-run/--no-dry-run", default=True, show_default=True)
@json_option
@with_app()
def command(app: App, /, **given: object) -> None:
    """Revoke many rooms. Without --no-dry-run it only shows which.

    \b
    Examples:
      hmctl room prune --name-prefix watch-history- --keep room_5e0c1a9b77d2
      hmctl -y room prune --name-prefix watch-history- --no-dry-run
    """
    keep, limit = given["keep"], given["limit"]
    run(
        app,
        Options(
            limit=limit if isinstance(limit, int) else 200,
            keep=tuple(_room_id(str(item)) for item in keep) if isinstance(keep, tuple) else (),
            name_prefix=str(given["name_prefix"]),
            legacy_only=bool(given["legacy_only"]),
            all_active=bool(given["all_active"]),
            dry_run=bool(given["dry_run"]),
            as_json=bool(given["as_json"]),
        ),
    )


def run(app: App, options: Options) -> None:
    """Selects, asks, revokes one by one, goes on after failures (BadInput, Declined; exit 1 if any failed)."""
    if not (options.name_prefix or options.legacy_only or options.all_active):
        raise BadInput("choose rooms with --name-prefix, --legacy-only or --all-active")
    owner = app.owner()
    rows = pages.collect(owner.rooms, limit=options.limit)
    candidates = [room for room in (listing.read(app, row) for row in rows) if _matches(room, options)]
    pruned = Pruned()
    if not options.dry_run and candidates:
        if not app.settings.trust_all:
            app.terminal.block(columns.table(("ROOM_ID", "NAME"), _lines(candidates)))
            app.terminal.confirm(
                f"Revoke these {len(candidates)} rooms?", otherwise="Put -y before the command to go on."
            )
        for room in candidates:
            _revoke(app, room, pruned)
    _print(app, options, candidates, pruned)
    if pruned.errors:
        raise click.exceptions.Exit(exits.FAILED)


def _matches(room: ListedRoom, options: Options) -> bool:
    if room.is_revoked or room.room_id in options.keep:
        return False
    if options.name_prefix and not room.name.startswith(options.name_prefix):
        return False
    if options.legacy_only:
        return room.verified is not None and room.verified.manifest.allowed_tables is None
    return True


def _revoke(app: App, room: ListedRoom, pruned: Pruned) -> None:
    try:
        answer = app.owner().revoke_room(room.room_id)
        if room.verified is not None and answer.get("revocation") is not None:
            revocations.read(
                app,
                answer["revocation"],
                room_id=room.room_id,
                owner_pubkey_b64=room.verified.owner_pubkey_b64,
            )
        pruned.revoked.append(room.room_id)
    except HmctlError as problem:
        pruned.errors.append({"room_id": room.room_id, "error": problem.message})
    except KernelError as problem:
        pruned.errors.append({"room_id": room.room_id, "error": f"revoked, but the signed end is bad: {problem}"})


def _print(app: App, options: Options, candidates: Sequence[ListedRoom], pruned: Pruned) -> None:
    if options.as_json:
        app.terminal.document(
            {
                "dry_run": options.dry_run,
                "candidates": [{"room_id": room.room_id, "name": room.name} for room in candidates],
                "revoked": pruned.revoked,
                "errors": pruned.errors,
            }
        )
        return
    done = set(pruned.revoked)
    shown = candidates if options.dry_run else [room for room in candidates if room.room_id in done]
    if shown:
        app.terminal.data(columns.table(("ROOM_ID", "NAME"), _lines(shown)))
    app.terminal.say(
        f"{len(shown)} room(s) {'would be revoked (--no-dry-run does it)' if options.dry_run else 'revoked'}"
    )
    for error in pruned.errors:
        app.terminal.warn(f"{error['room_id']} was not revoked: {error['error']}")


def _lines(rooms: Sequence[ListedRoom]) -> list[tuple[str, str]]:
    return [(room.room_id, room.name or "-") for room in rooms]


def _room_id(text: str) -> str:
    if not links.is_link(text):
        return text
    try:
        return links.parse_link(text).room_id
    except LinkError as problem:
        raise BadInput(str(problem), hint=problem.remedy) from None
