"""Who pays for a question asked through a link, and with what: a token that can spend that much, there, and no more.

The profile's owner key stays at the profile's own service. There it makes a spend token for one room, one origin, one
run's time and one run's highest cost, and only that token travels with the question.
"""

from collections.abc import Set
from dataclasses import dataclass
from typing import Final

from attestation.tokens import SPEND
from hmctl import services
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.errors import BadAnswer, BadInput, HmctlError
from hmctl.render import units
from hmctl.rooms import reference
from hmctl.rooms.opening import OpenedRoom
from hmctl.rooms.reference import RoomRef
from hmctl.runs import quoting
from hmctl.runs.asking import Ask
from hmctl.runs.quoting import CostUnknown, Quote
from hmctl.secret import Secret

FEATURE: Final = "spend_tokens"
_MARGIN_SECONDS: Final = 60
_LONGEST_SECONDS: Final = 30 * 86_400


@dataclass(frozen=True)
class PayerOptions:
    """What the user said about paying. `key_text` is `-` for stdin."""

    key_text: str = ""
    allow_foreign: bool = False


@dataclass(frozen=True)
class Payer:
    """Who will pay. `owner_key` is the profile's; `token` was given by the user; both are None for an own room."""

    owner_key: Secret | None = None
    token: Secret | None = None
    is_foreign: bool = False


def choose(app: App, ref: RoomRef, options: PayerOptions) -> Payer:
    """The payer, from what is known before anything is sent (BadInput, ProfileProblem, ForeignService)."""
    if options.key_text:
        text = app.terminal.hidden("Spend token") if options.key_text == "-" else options.key_text
        token = Secret(text, what="the spend token")
        if not token.starts_with(SPEND):
            raise BadInput(
                f"--payer-key takes a spend token ({SPEND}…), not another kind of key",
                hint="Make one with `hmctl spend-tokens mint`, or choose the paying profile with --profile NAME.",
            )
        return Payer(token=token)
    key = reference.payer_for(app, ref, allow_foreign=options.allow_foreign)
    return Payer(owner_key=key, is_foreign=key is not None and not app.profile.service.is_same_as(ref.service))


def reader(app: App, ref: RoomRef, options: PayerOptions) -> Secret | None:
    """What proves at the link's service that an earlier run is the payer's (as `choose`, and TrustRefused)."""
    payer = choose(app, ref, options)
    if payer.owner_key is not None:
        app.guard(ref.service, payer.owner_key)
    return payer.token or payer.owner_key


def agree(app: App, opened: OpenedRoom, ask: Ask, *, payer: Payer, features: Set[str], run_id: str) -> Secret | None:
    """What travels in the payer header, None for an own room, once quote and limit fit.

    Raises TooExpensive and CostUnknown before anything is made or asked; HttpFailed and BadAnswer from quote and token;
    TrustRefused when a compose pin keeps the owner key itself from the link's service.
    """
    quotes = quoting.FEATURE in features
    if ask.max_cost_micro_usd is not None and not quotes:
        raise CostUnknown(
            f"{opened.ref.service.url} gives no quotes, so --max-cost could not be checked",
            hint="Ask without --max-cost; --max-tokens and --max-llm-calls limit a run too.",
        )
    mints = payer.owner_key is not None and not payer.is_foreign and quotes and FEATURE in features
    quote = quoting.fetch(opened, ask) if mints or ask.max_cost_micro_usd is not None else None
    if quote is not None and ask.max_cost_micro_usd is not None:
        quoting.check(quote, limit_micro_usd=ask.max_cost_micro_usd)
    if mints and quote is not None:
        return _mint(app, opened, ask, quote=quote, run_id=run_id)
    if payer.owner_key is not None:
        app.guard(opened.ref.service, payer.owner_key)
        _say_owner_key(app, opened, payer)
    return payer.token or payer.owner_key


def _say_owner_key(app: App, opened: OpenedRoom, payer: Payer) -> None:
    url = opened.ref.service.url
    if payer.is_foreign:
        app.terminal.alarm(f"your owner key goes to {url}, which is not your profile's service")
    else:
        app.terminal.say(f"{url} has no spend tokens, so your owner key itself pays for this question")


def _mint(app: App, opened: OpenedRoom, ask: Ask, *, quote: Quote, run_id: str) -> Secret:
    limits = [quote.max_cost_micro_usd] + ([] if ask.max_cost_micro_usd is None else [ask.max_cost_micro_usd])
    limit = max(1, min(limits))  # a token of nothing cannot be made, and a free run holds nothing
    body: JsonObject = {
        "limit_micro_usd": limit,
        "expires_in_seconds": min(int(ask.budget.window_seconds) + _MARGIN_SECONDS, _LONGEST_SECONDS),
        "room_id": opened.manifest.room_id,
        "service": opened.ref.service.url,
        "label": f"run {run_id}",
    }
    answer = app.owner().money.mint_spend_token(body)
    token = Secret(wire.required(answer, "token"), what="the spend token")
    _check_minted(token, answer, body)
    if min(limits):
        app.terminal.say(f"paying with a spend token for this room and run, at most {units.micro_usd(limit)}")
    else:
        app.terminal.say("this question costs nothing; a spend token for this room and run says who asks")
    return token


def _check_minted(token: Secret, answer: JsonObject, body: JsonObject) -> None:
    if not token.starts_with(SPEND):
        raise BadAnswer("the service made something else than a spend token")
    told = {name: answer.get(name) for name in ("limit_micro_usd", "room_id")}
    try:
        same_place = services.parse(wire.text(answer, "service")).url == body["service"]
    except HmctlError:
        same_place = False
    if told != {name: body[name] for name in told} or not same_place:
        raise BadAnswer("the service made a spend token with other limits than were asked for; it was not used")
