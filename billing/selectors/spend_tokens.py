"""Spend tokens: who holds one, and what an account gave away."""

from django.db.models import Exists, OuterRef, QuerySet

from attestation.errors import TokenError
from attestation.tokens import SPEND, parse_token
from billing.models import SpendToken
from hivemind.kit import clock
from tenants.models import Tenant


def resolve(text: str) -> SpendToken | None:
    """The living spend token with this text, with its account: not revoked, not expired, its tenant not suspended.

    None for everything else, whatever the reason. One query. Where and how much it pays is for the caller to check.
    """
    try:
        token = parse_token(text, strict=True)
    except TokenError:
        return None
    if token.prefix != SPEND:
        return None
    in_good_standing = Tenant.objects.filter(pk=OuterRef("account_id"), suspended_at=None)
    living = SpendToken.objects.filter(revoked_at=None, expires_at__gt=clock.now()).filter(Exists(in_good_standing))
    return living.select_related("account").filter(token_hash=token.hash).first()


def of_account(tenant_id: str) -> QuerySet[SpendToken]:
    """Every spend token of one account, newest first, revoked and expired ones included."""
    return SpendToken.objects.filter(account_id=tenant_id).order_by("-created_at", "token_id")
