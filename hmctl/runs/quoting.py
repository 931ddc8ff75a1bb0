"""What a question may cost at most, as the room's service says before it is asked."""

from dataclasses import dataclass
from typing import Final

from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.errors import BadAnswer, HmctlError
from hmctl.render import units
from hmctl.rooms.opening import OpenedRoom
from hmctl.runs.asking import Ask

FEATURE: Final = "quotes"


class TooExpensive(HmctlError):
    """The question may cost more than was allowed, so it was not asked."""

    code = "too_expensive"
    check = "highest cost"


class CostUnknown(HmctlError):
    """Nobody can say what the question may cost at most, so a limit could not be checked and it was not asked."""

    code = "cost_unknown"
    check = "highest cost"


@dataclass(frozen=True)
class StageQuote:
    """One stage: its model, the most tokens it can use, prices for a million of them, and what all would cost."""

    name: str
    model: str
    max_tokens: int | None
    prompt_micro_usd_per_mtok: int | None
    completion_micro_usd_per_mtok: int | None
    max_cost_micro_usd: int | None


@dataclass(frozen=True)
class Quote:
    """The whole run. `raw` is the answer itself."""

    raw: JsonObject
    room_id: str
    provider: str
    max_tokens: int | None
    max_cost_micro_usd: int
    stages: tuple[StageQuote, ...]
    missing_prices: tuple[str, ...]
    priced_at: float | None


def fetch(opened: OpenedRoom, ask: Ask) -> Quote:
    """The quote for an ask. The question itself does not leave (HttpFailed, BadAnswer)."""
    body: JsonObject = {**ask.budget.limits(), **ask.choices}
    if ask.query_agent_id:
        body["query_agent_id"] = ask.query_agent_id
    return read(opened.client.quote(opened.manifest.room_id, body), room_id=opened.manifest.room_id)


def read(answer: JsonObject, *, room_id: str) -> Quote:
    """A quote for this room (BadAnswer when it is for another one or names no highest cost)."""
    if wire.text(answer, "room_id") != room_id:
        raise BadAnswer("the service's quote is for another room")
    highest = wire.whole(answer, "max_cost_micro_usd")
    if highest is None or highest < 0:
        raise BadAnswer("the service's quote names no highest cost")
    return Quote(
        raw=answer,
        room_id=room_id,
        provider=wire.text(answer, "provider"),
        max_tokens=wire.whole(answer, "max_tokens"),
        max_cost_micro_usd=highest,
        stages=tuple(_stage(row) for row in wire.objects(answer, "stages")),
        missing_prices=wire.texts(answer, "missing_prices"),
        priced_at=wire.number(answer, "priced_at"),
    )


def check(quote: Quote, *, limit_micro_usd: int) -> None:
    """Refuses a quote above the limit, and one that is no bound (TooExpensive, CostUnknown)."""
    if quote.missing_prices:
        raise CostUnknown(
            f"the service has no price for {', '.join(quote.missing_prices)}, so the highest cost is not known",
            hint="Choose another model, ask the operator for a price, or ask without --max-cost.",
        )
    if quote.max_cost_micro_usd > limit_micro_usd:
        raise TooExpensive(
            f"this question may cost {units.micro_usd(quote.max_cost_micro_usd)}, "
            f"more than the {units.micro_usd(limit_micro_usd)} that you allow",
            hint="`hmctl room quote ROOM` shows why; fewer --max-tokens or a cheaper --model cost less.",
        )


def _stage(row: JsonObject) -> StageQuote:
    return StageQuote(
        name=wire.text(row, "name"),
        model=wire.text(row, "model"),
        max_tokens=wire.whole(row, "max_tokens"),
        prompt_micro_usd_per_mtok=wire.whole(row, "prompt_micro_usd_per_mtok"),
        completion_micro_usd_per_mtok=wire.whole(row, "completion_micro_usd_per_mtok"),
        max_cost_micro_usd=wire.whole(row, "max_cost_micro_usd"),
    )
