"""Balances, as they are kept."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet, Sum

from billing.errors import AccountNotFound
from billing.models import Account, DailyFigure
from hivemind.kit import clock

SPENDING_DAYS = 30


def get(tenant_id: str) -> Account:
    """The tenant's account. Raises AccountNotFound."""
    account = Account.objects.filter(pk=tenant_id).first()
    if account is None:
        raise AccountNotFound
    return account


def listed() -> QuerySet[Account]:
    """All accounts, newest first."""
    return Account.objects.order_by("-opened_at", "tenant_id")


def days_of(tenant_id: str, *, days: int = SPENDING_DAYS) -> QuerySet[DailyFigure]:
    """The account's figures of the last days that have any, oldest first."""
    since = clock.now().date() - timedelta(days=days - 1)
    return DailyFigure.objects.filter(account_id=tenant_id, day_date__gte=since).order_by("day_date")


def days_of_all(*, days: int = SPENDING_DAYS) -> list[dict[str, Any]]:
    """Sums over all accounts by day, oldest first."""
    since = clock.now().date() - timedelta(days=days - 1)
    rows = DailyFigure.objects.filter(day_date__gte=since).order_by("day_date").values("day_date")
    sums = rows.annotate(
        credited=Sum("credited_micro_usd"),
        debited=Sum("debited_micro_usd"),
        spent=Sum("spent_micro_usd"),
        runs=Sum("run_count"),
    )
    return [dict(row) for row in sums]
