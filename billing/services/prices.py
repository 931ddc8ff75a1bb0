"""Setting, withdrawing and cancelling prices. A price is a new row from a moment on; nothing is changed in place."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from billing.errors import BadPrice, PriceBegun, PriceClash, PriceNotFound
from billing.models import Price
from billing.selectors import prices
from hivemind.kit import audit, clock
from hivemind.kit.audit import Actor

# As the database has it: what begins sooner may have been quoted before the cancellation is committed.
NOTICE = timedelta(seconds=10)
NAME_CHARS = {"provider": 40, "model": 200, "source": 40}


@dataclass(frozen=True)
class NewPrice:
    """Micro-USD for a million tokens of one model, in force from a moment on; None means now."""

    provider: str
    model: str
    prompt_micro_usd_per_mtok: int
    completion_micro_usd_per_mtok: int
    effective_from: datetime | None = None
    source: str = "admin"


def set_price(wanted: NewPrice, *, actor: Actor) -> Price:
    """Give a model a price from a moment on, not in the past. Raises BadPrice and PriceClash."""
    now = clock.now()
    effective_from = wanted.effective_from or now
    if effective_from < now:
        raise BadPrice("A price cannot begin in the past: runs keep the price that they were quoted")
    provider, model = _named(wanted.provider, wanted.model)
    return _append(
        Price(
            provider=provider,
            model=model,
            prompt_micro_usd_per_mtok=wanted.prompt_micro_usd_per_mtok,
            completion_micro_usd_per_mtok=wanted.completion_micro_usd_per_mtok,
            effective_from=effective_from,
            source=(wanted.source.strip() or "admin")[: NAME_CHARS["source"]],
            created_at=now,
            created_by=actor.name,
        ),
        actor=actor,
    )


def withdraw(provider: str, model: str, *, actor: Actor) -> Price:
    """Let a model have no price from now on. Raises BadPrice, and PriceNotFound when it has none now."""
    provider, model = _named(provider, model)
    now = clock.now()
    if not prices.in_force(provider, models=(model,), at=now):
        raise PriceNotFound
    return _append(
        Price(
            provider=provider,
            model=model,
            prompt_micro_usd_per_mtok=0,
            completion_micro_usd_per_mtok=0,
            effective_from=now,
            withdrawn=True,
            source="admin",
            created_at=now,
            created_by=actor.name,
        ),
        actor=actor,
    )


def cancel(provider: str, model: str, *, effective_from: datetime, actor: Actor) -> None:
    """Delete the price that begins at this moment, which nobody was quoted yet; the trail and the history keep it.

    Raises BadPrice, PriceNotFound when no price begins then, and PriceBegun up to `NOTICE` before it does.
    """
    provider, model = _named(provider, model)
    try:
        with transaction.atomic():
            named = Price.objects.filter(provider=provider, model=model, effective_from=effective_from)
            row = named.select_for_update().first()
            if row is None:
                raise PriceNotFound("No price for that provider and model begins at that moment")
            if row.effective_from <= clock.now() + NOTICE:
                raise PriceBegun
            _note(row, "price.cancelled", actor)
            row.delete()
    except IntegrityError as error:
        raise PriceBegun from error


def _append(price: Price, *, actor: Actor) -> Price:
    try:
        with transaction.atomic():
            price.save(force_insert=True)
            _note(price, "price.withdrawn" if price.withdrawn else "price.set", actor)
    except IntegrityError as error:
        raise PriceClash from error
    return price


def _note(price: Price, act: str, actor: Actor) -> None:
    audit.record(
        actor,
        act,
        f"{price.provider}/{price.model}"[:120],
        prompt_micro_usd_per_mtok=price.prompt_micro_usd_per_mtok,
        completion_micro_usd_per_mtok=price.completion_micro_usd_per_mtok,
        effective_from=price.effective_from.isoformat(),
    )


def _named(provider: str, model: str) -> tuple[str, str]:
    names = (provider.strip().lower(), model.strip())
    for name, longest in zip(names, (NAME_CHARS["provider"], NAME_CHARS["model"]), strict=True):
        if not 0 < len(name) <= longest or "\0" in name:
            raise BadPrice
    return names
