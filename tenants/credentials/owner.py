"""Owner keys: one indexed lookup by hash."""

from attestation.tokens import Token
from tenants.models import ApiKey
from tenants.principals import Owner


def resolve(token: Token) -> Owner | None:
    """The owner who holds this key, or None when it is unknown or retired."""
    try:
        key = ApiKey.objects.select_related("tenant").get(token_hash=token.hash, retired_at=None)
    except ApiKey.DoesNotExist:
        return None
    return Owner(tenant=key.tenant, key=key, bearer=token)
