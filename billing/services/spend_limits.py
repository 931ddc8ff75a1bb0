"""What a spend token may still spend. Both functions need the token's account to be locked."""

from django.db.models import F

from billing.errors import BadPayer, SpendLimitReached
from billing.models import Account, SpendToken
from hivemind.kit import clock


def reserve(token_id: str, *, account: Account, amount_micro_usd: int) -> SpendToken | None:
    """Take `amount_micro_usd` out of the token's limit; None when no token pays.

    Raises BadPayer when the token was revoked or its time is over by now, SpendLimitReached when too little is left.
    """
    if not token_id:
        return None
    alive = SpendToken.objects.filter(pk=token_id, account=account, revoked_at=None, expires_at__gt=clock.now())
    token = alive.select_for_update(no_key=True).first()
    if token is None:
        raise BadPayer
    if token.committed_micro_usd + amount_micro_usd > token.limit_micro_usd:
        raise SpendLimitReached
    token.committed_micro_usd += amount_micro_usd
    token.save(update_fields=["committed_micro_usd"])
    return token


def give_back(token_id: str | None, amount_micro_usd: int) -> None:
    """Return what a run did not need to the token that paid, if one did."""
    if token_id and amount_micro_usd:
        SpendToken.objects.filter(pk=token_id).update(committed_micro_usd=F("committed_micro_usd") - amount_micro_usd)
