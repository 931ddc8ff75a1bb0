"""What setting prices would change: each wanted price beside the one that it replaces."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Q, QuerySet

from billing.models import Price
from billing.money import TokenPrice
from billing.selectors import prices
from billing.services.prices import NewPrice
from hivemind.kit import clock


class Change(StrEnum):
    """What a wanted price would do."""

    NEW = "new"  # the model has no price now
    DIFFERENT = "different"  # it takes the place of another price
    SAME = "same"  # that price is in force, or scheduled for that moment, already
    PAST = "past"  # it would begin before now, and says something else than the price in force
    TWICE = "twice"  # the same list wants two prices from the same moment on, or there is another one from it on


@dataclass(frozen=True)
class Planned:
    """A wanted price, the price in force now, and what follows."""

    wanted: NewPrice
    before: TokenPrice | None
    change: Change

    @property
    def to_be_set(self) -> bool:
        """Whether it has to be set at all."""
        return self.change in (Change.NEW, Change.DIFFERENT)

    @property
    def refused(self) -> bool:
        """Whether it cannot be set."""
        return self.change in (Change.PAST, Change.TWICE)


def plan(wanted: Sequence[NewPrice]) -> list[Planned]:
    """What setting these prices now would change, in their order. Two queries."""
    now = clock.now()
    in_force = {(row.provider, row.model): _rates(row) for row in prices.current(now)}
    scheduled = {_key(row): _rates(row) for row in coming(now)}
    planned, seen = [], set()
    for one in wanted:
        key = _key(one)
        before = in_force.get(key[:2])
        planned.append(Planned(one, before, _change(one, before, scheduled.get(key), key in seen, now)))
        seen.add(key)
    return planned


def coming(now: datetime) -> QuerySet[Price]:
    """Prices that begin later, withdrawals among them."""
    return Price.objects.filter(effective_from__gt=now).order_by("provider", "model", "effective_from")


def listed(now: datetime) -> QuerySet[Price]:
    """The prices in force and the scheduled ones, by model and moment; without withdrawals."""
    in_force = [row.pk for row in prices.current(now)]
    rows = Price.objects.filter(Q(pk__in=in_force) | Q(effective_from__gt=now, withdrawn=False))
    return rows.order_by("provider", "model", "effective_from")


def _key(row: Price | NewPrice) -> tuple[str, str, datetime | None]:
    return row.provider, row.model, row.effective_from


def _rates(row: Price) -> TokenPrice:
    return TokenPrice(row.prompt_micro_usd_per_mtok, row.completion_micro_usd_per_mtok)


def _change(
    one: NewPrice, before: TokenPrice | None, scheduled: TokenPrice | None, is_second: bool, now: datetime
) -> Change:
    wanted = TokenPrice(one.prompt_micro_usd_per_mtok, one.completion_micro_usd_per_mtok)
    begins = one.effective_from or now
    if is_second:
        return Change.TWICE
    if scheduled is not None:
        return Change.SAME if scheduled == wanted else Change.TWICE
    if before == wanted and begins <= now:
        return Change.SAME
    if begins < now:
        return Change.PAST
    return Change.NEW if before is None else Change.DIFFERENT
