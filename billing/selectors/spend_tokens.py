"""Spend tokens that an account gave away."""

from django.db.models import QuerySet

from billing.models import SpendToken


def of_account(tenant_id: str) -> QuerySet[SpendToken]:
    """Every spend token of one account, newest first, revoked and expired ones included."""
    return SpendToken.objects.filter(account_id=tenant_id).order_by("-created_at", "-token_id")
