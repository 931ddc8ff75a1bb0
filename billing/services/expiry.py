"""What ends by time: holds that nobody resolved, and grants. Each ends in a transaction of its own."""

import logging
from collections.abc import Callable, Iterable

from django.db import DataError, IntegrityError

from billing.enums import Resolution
from billing.errors import HoldResolved
from billing.models import CreditLot, Hold
from billing.services import ledger
from hivemind.kit import clock
from hivemind.kit.audit import Actor

log = logging.getLogger(__name__)
EXPIRY = Actor.system("expiry")


def sweep() -> int:
    """Give back holds and take grants whose time is over; how many holds and accounts that concerned.

    Two sweeps at once do no harm, and what one account refuses keeps nobody else waiting.
    """
    now = clock.now()
    overdue = Hold.objects.filter(resolved_at=None, expires_at__lte=now).order_by("expires_at")
    lots = CreditLot.objects.filter(remaining_micro_usd__gt=0, expires_at__lte=now)
    holders = lots.order_by("account_id").values_list("account_id", flat=True).distinct()
    return _each(overdue.values_list("run_id", flat=True), _give_back, named="run_id") + _each(
        holders, _take, named="tenant_id"
    )


def _give_back(run_id: str) -> bool:
    try:
        ledger.void(run_id, actor=EXPIRY, reason="nobody resolved it in time", resolution=Resolution.EXPIRED)
    except HoldResolved:
        return False
    return True


def _take(tenant_id: str) -> bool:
    return ledger.expire_lots(tenant_id, actor=EXPIRY) > 0


def _each(subjects: Iterable[str], act: Callable[[str], bool], *, named: str) -> int:
    done = 0
    for subject in list(subjects):
        try:
            done += act(subject)
        except (IntegrityError, DataError):
            log.exception("what is over by time stays for the next sweep", extra={named: subject})
    return done
