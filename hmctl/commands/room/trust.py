"""`hmctl room trust`."""

from dataclasses import dataclass

import click

from attestation.manifests import normalise
from hmctl.app import App
from hmctl.client import wire
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadUsage, TrustRefused
from hmctl.render import columns
from hmctl.rooms import opening, reference, trusting
from hmctl.rooms.opening import OpenedRoom
from hmctl.trust import decide


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    room: str
    mode: str | None
    composes: tuple[str, ...]
    approve_live: bool
    as_json: bool


@click.command("trust")
@click.argument("room")
@click.option("--mode", type=click.Choice(["operator_updates", "pinned", "owner_approved"]))
@click.option(
    "--compose",
    "composes",
    multiple=True,
    metavar="HASH",
    help="Replace the list by these builds; repeatable.",
)
@click.option("--approve-live", is_flag=True, help="Add the build that runs now.")
@json_option
@with_app()
def command(
    app: App, room: str, mode: str | None, composes: tuple[str, ...], approve_live: bool, as_json: bool
) -> None:
    """Sign a room's terms anew with another trust policy. Links stay valid; participants are asked to agree again.

    The running build is approved by the hash that this command verified itself, and the new version must differ from
    the old one in its trust policy alone.

    \b
    Example:
      hmctl room trust room_5e0c1a9b77d2 --mode owner_approved --approve-live
    """
    run(app, Options(room, mode, composes, approve_live, as_json))


def run(app: App, options: Options) -> None:
    """Changes the policy and verifies what was signed (BadUsage, TrustRefused, RoomRejected, HttpFailed)."""
    if not (options.mode or options.composes or options.approve_live):
        raise BadUsage("nothing to change: give --mode, --compose or --approve-live")
    ref = reference.read_as_owner(app, options.room)
    opened = opening.open_room(app, ref, whatever_runs=True)
    live = _live_build(opened) if options.approve_live else None
    policy = trusting.planned(opened.manifest, mode=options.mode, composes=options.composes, live=live)
    answer = opened.client.update_trust(ref.room_id, trusting.request(policy))
    room = wire.obj(answer, "room")
    verified, _ = opening.verify(app, ref, room)
    trusting.check_update(opened.verified, verified, policy)
    if options.as_json:
        shown = opening.room_json(room, verified)
        app.terminal.document(dict(answer) | {"room_id": ref.room_id, "room": shown})
        return
    trust = verified.manifest.trust
    if options.approve_live and trust.mode == normalise.OPERATOR_UPDATES:
        app.terminal.warn("under operator_updates the list means nothing; --mode owner_approved makes it count")
    app.terminal.data(
        columns.labelled(
            [
                ("Room", ref.room_id),
                ("Mode", trust.mode),
                ("Allowed", ", ".join(trust.allowed_composes) or "-"),
                ("Hash", verified.manifest_hash),
            ]
        )
    )


def _live_build(opened: OpenedRoom) -> str:
    live = decide.proven_build(opened.ref.service, opened.trust)
    if live is None:
        raise TrustRefused(
            f"{opened.ref.service.url} does not prove which build it runs, so there is nothing to approve",
            hint="Name a build that you know with --compose HASH.",
            code="live_compose_unknown",
            check="room trust",
        )
    return live
