"""Which price is in force when."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from billing.models import Price
from billing.money import TokenPrice
from hivemind.kit import clock


def in_force(provider: str, *, models: Iterable[str], at: datetime | None = None) -> dict[str, TokenPrice]:
    """The price of each of these models of one provider at a moment; models without one are left out. One query."""
    rows = _latest(at).filter(provider=provider.strip().lower(), model__in=set(models))
    return {
        row.model: TokenPrice(row.prompt_micro_usd_per_mtok, row.completion_micro_usd_per_mtok)
        for row in rows
        if not row.withdrawn
    }


def current(at: datetime | None = None) -> list[Price]:
    """Every price in force, by provider and model."""
    return [row for row in _latest(at) if not row.withdrawn]


def _latest(at: datetime | None) -> QuerySet[Price]:
    begun = Price.objects.filter(effective_from__lte=at or clock.now())
    return begun.order_by("provider", "model", "-effective_from").distinct("provider", "model")
