"""`hmctl room quote`."""

from dataclasses import dataclass

import click

from hmctl import statement
from hmctl.app import App
from hmctl.client import wire
from hmctl.commands.wiring import json_option, with_app
from hmctl.render import quote as quote_text
from hmctl.rooms import opening, reference
from hmctl.rooms.reference import RoomRef
from hmctl.runs import asking, quoting
from hmctl.runs.asking import Ask, Budget
from hmctl.runs.quoting import CostUnknown, Quote

_CHOICES = ("model", "provider", "scope_model", "query_model", "mediator_model")


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    room: str
    budget: Budget
    choices: dict[str, str]
    query_agent: str
    as_json: bool


@click.command("quote")
@click.argument("room")
@click.option("--query-agent", default="", metavar="ID", help="The agent that would ask.")
@click.option("--timeout", type=click.IntRange(min=1), default=900, show_default=True, help="Seconds per stage.")
@click.option("--max-llm-calls", type=click.IntRange(min=0), default=60, show_default=True)
@click.option("--max-tokens", type=click.IntRange(min=0), default=1_000_000, show_default=True)
@click.option("--model", default="", help="Model of all stages.")
@click.option("--provider", default="", help="Model provider, one that the room allows.")
@click.option("--scope-model", default="")
@click.option("--query-model", default="")
@click.option("--mediator-model", default="")
@json_option
@with_app()
def command(app: App, /, room: str, as_json: bool, **given: object) -> None:
    """Show what a question to ROOM can cost at most, with the same limits and models as `room ask`.

    Nothing is asked, held or paid. --json prints the service's answer as it is.

    \b
    Examples:
      hmctl room quote "$ROOM"
      hmctl room quote "$ROOM" --max-tokens 100000 --model google/gemini-2.5-flash-lite
    """
    budget = Budget(
        timeout_seconds=wire.whole(given, "timeout") or 900,
        max_llm_calls=wire.whole(given, "max_llm_calls") or 0,
        max_tokens=wire.whole(given, "max_tokens") or 0,
        memory_mb=256,
    )
    chosen = {name: str(given[name]) for name in _CHOICES if given[name]}
    run(app, Options(room, budget, chosen, str(given["query_agent"]), as_json))


def run(app: App, options: Options) -> None:
    """Verifies the room, fetches the quote, prints it (HttpFailed, RoomRejected, CostUnknown)."""
    ref = reference.read(app, options.room)
    opened = opening.open_room(app, ref)
    ask = Ask("", options.budget, options.choices, options.query_agent)
    asking.check_allowed(ask, opened.manifest, brings_agent=False)
    if quoting.FEATURE not in asking.features_of(opened.client):
        raise CostUnknown(
            f"{ref.service.url} gives no quotes", hint="`hmctl balance` shows what questions cost so far."
        )
    quote = quoting.fetch(opened, ask)
    if options.as_json:
        app.terminal.document(quote.raw)
        return
    app.terminal.data(quote_text.table(quote))
    available = _available(app, ref, quote)
    app.terminal.data(quote_text.summary(quote, available_micro_usd=available))
    if quote.missing_prices:
        app.terminal.warn(f"no price for {', '.join(quote.missing_prices)}: the highest cost is not known")
    elif available is not None and available < quote.max_cost_micro_usd:
        app.terminal.warn("your credit does not cover this; `hmctl redeem-credit -` adds some")


def _available(app: App, ref: RoomRef, quote: Quote) -> int | None:
    payer = wire.obj(quote.raw, "payer")
    told = wire.whole(payer, "balance_micro_usd")
    if told is not None or not app.profiles.exists(app.profile_name):
        return told
    profile = app.profile
    if profile.role != "tenant" or profile.api_key is None or not profile.service.is_same_as(ref.service):
        return None
    return statement.read(app.owner().money.billing(limit=1)).available_micro_usd
