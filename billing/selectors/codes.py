"""Credit codes and what is left of them."""

from datetime import datetime

from django.db.models import QuerySet

from billing.models import CreditCode


def listed(*, include_revoked: bool) -> QuerySet[CreditCode]:
    """Codes, newest first; revoked ones only when asked for."""
    rows = CreditCode.objects.order_by("-created_at", "-code_id")
    return rows if include_revoked else rows.filter(revoked_at=None)


def remaining(code: CreditCode) -> int:
    """How many uses are left, whatever else stands in the way of using them."""
    return code.max_redemptions - code.redeemed_count


def expired(code: CreditCode, *, at: datetime) -> bool:
    """Whether the code's time is over at a moment."""
    return code.expires_at is not None and code.expires_at <= at


def active(code: CreditCode, *, at: datetime) -> bool:
    """Whether somebody could redeem the code at a moment."""
    return code.revoked_at is None and not expired(code, at=at) and remaining(code) > 0
