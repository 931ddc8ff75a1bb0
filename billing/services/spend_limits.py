"""What a spend token may still spend. The database keeps what its runs hold and have cost; this explains a no."""

from datetime import datetime

from billing.errors import BadPayer, SpendLimitReached
from billing.models import Account, SpendToken


def reserve(token_id: str, *, account: Account, amount_micro_usd: int, at: datetime) -> SpendToken | None:
    """The token, locked, that is about to pay for a hold of `amount_micro_usd`; None when no token pays.

    Needs the account to be locked. Raises BadPayer when the token was revoked or its time is over `at` this moment,
    SpendLimitReached when too little is left.
    """
    if not token_id:
        return None
    alive = SpendToken.objects.filter(pk=token_id, account=account, revoked_at=None, expires_at__gt=at)
    token = alive.select_for_update(no_key=True).first()
    if token is None:
        raise BadPayer
    if token.committed_micro_usd + amount_micro_usd > token.limit_micro_usd:
        raise SpendLimitReached
    return token
