"""`hmctl spend-tokens mint`."""

from dataclasses import dataclass

import click

from hmctl import exits, services
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.commands import params
from hmctl.commands.wiring import json_option, with_app
from hmctl.errors import BadUsage, ForeignService
from hmctl.render import columns, units
from hmctl.rooms import reference


@dataclass(frozen=True)
class Options:
    """What was asked for. Empty `room` and `service` mean any."""

    limit_micro_usd: int
    expires_in_seconds: int
    room: str
    service: str
    label: str
    as_json: bool


@click.command("mint")
@click.option("--limit", type=params.USD, required=True, metavar="USD", help="The most it may spend, all in all.")
@click.option("--expires-in", type=params.DURATION, default="1h", show_default=True, metavar="TIME")
@click.option("--room", default="", metavar="ROOM", help="Only for this room; a link binds it to its service too.")
@click.option("--service", default="", metavar="URL", help="Only at this address of the service.")
@click.option("--label", default="", help="A note for yourself.")
@json_option
@with_app(exits.OWNER)
def command(app: App, /, limit: int, expires_in: int, room: str, service: str, label: str, as_json: bool) -> None:
    """Make a spend token. Its text is shown this once; whoever has it can spend up to its limit of your credit.

    \b
    Examples:
      hmctl spend-tokens mint --limit 2 --expires-in 7d --label "for Dave"
      hmctl spend-tokens mint --limit 0.50 --room "$ROOM"
      hmctl room ask "$ROOM" "What changed?" --payer-key - < token.txt
    """
    run(app, Options(limit, expires_in, room, service, label, as_json))


def run(app: App, options: Options) -> None:
    """Makes the token at the profile's service (HttpFailed, BadUsage, ForeignService)."""
    if options.limit_micro_usd < 1:
        raise BadUsage("--limit must be more than nothing")
    body: JsonObject = {"limit_micro_usd": options.limit_micro_usd, "expires_in_seconds": options.expires_in_seconds}
    body |= _place(app, options)
    if options.label:
        body["label"] = options.label
    answer = app.owner().money.mint_spend_token(body)
    if options.as_json:
        app.terminal.document(answer)
        return
    facts = [
        ("Token id", wire.text(answer, "token_id") or "-"),
        ("Limit", units.micro_usd(wire.whole(answer, "limit_micro_usd") or 0)),
        ("Expires", units.moment(wire.number(answer, "expires_at"))),
        ("Room", wire.text(answer, "room_id") or "any"),
        ("Service", wire.text(answer, "service") or "any address of it"),
        ("Token", wire.required(answer, "token")),
    ]
    app.terminal.data(columns.labelled(facts))
    app.terminal.warn("the token is shown once; whoever has it can spend up to its limit")


def _place(app: App, options: Options) -> JsonObject:
    place: JsonObject = {}
    if options.room:
        ref = reference.read(app, options.room)
        if not ref.service.is_same_as(app.profile.service):
            raise ForeignService(
                f"the link leads to {ref.service.url}, but the credit of profile {app.profile.name!r} is at "
                f"{app.profile.service.url}",
                hint=f"Choose a profile made at {ref.service.url} with --profile NAME before the command.",
            )
        place["room_id"] = ref.room_id
        if ref.is_link:
            place["service"] = ref.service.url
    if options.service:
        place["service"] = services.parse(options.service).url
    return place
