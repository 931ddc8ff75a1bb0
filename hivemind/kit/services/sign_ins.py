"""Sign-ins of operators: what the trail is told of them, and letting somebody in again who was locked out."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from hivemind.kit import audit, clock
from hivemind.kit.audit import Actor

UNKNOWN = "(no such account)"


def record(user: User, *, address: str, factor: str) -> None:
    """Tell the trail that somebody came in, and by which second factor."""
    name = user.get_username()
    audit.record(Actor.operator(name), "account.signed_in", name, address=address, second_factor=factor)


def record_lockout(username: str, *, address: str) -> None:
    """Tell the trail that an account is locked for an address.

    A name that is no account's is not written down: it may be a password that was typed into the wrong field.
    """
    known = User.objects.filter(username=username).exists()
    minutes = cooloff() // timedelta(minutes=1)
    subject = username if known else UNKNOWN
    audit.record(Actor.system("sign-in"), "account.locked", subject, address=address, minutes=minutes)


def locked_until(username: str, address: str) -> datetime:
    """When an account may be tried again from an address; now, when nothing stands against it."""
    attempts = AccessAttempt.objects.filter(username=username, ip_address=address)
    last = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    return last + cooloff() if last else clock.now()


def unlock(username: str, address: str, *, actor: Actor) -> int:
    """Forget the failures of an account from an address, and say how many there were."""
    with transaction.atomic():
        attempts = AccessAttempt.objects.filter(username=username, ip_address=address)
        failures: int = sum(attempts.values_list("failures_since_start", flat=True))
        attempts.delete()
        known = User.objects.filter(username=username).exists()
        name = username if known else UNKNOWN
        audit.record(actor, "account.unlocked", name, address=address, failures=failures)
    return failures


def forget() -> None:
    """Forget failures that count no more; what was typed as a name may have been a password."""
    AccessAttempt.objects.filter(attempt_time__lte=clock.now() - cooloff()).delete()


def cooloff() -> timedelta:
    """How long an account stays locked for an address after its last failure."""
    length: timedelta = settings.AXES_COOLOFF_TIME
    return length
