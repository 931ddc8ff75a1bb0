"""Acting once for a page that moves money, however often a browser, a person or a proxy sends it."""

from datetime import timedelta

from billing.models import SentPage
from hivemind.kit import clock
from hivemind.kit.audit import Actor

# Pages are accepted for less than this, so that a number may be forgotten afterwards.
KEPT = timedelta(days=2)


def accept(number: str, *, actor: Actor) -> bool:
    """Whether the page with this number is sent for the first time. Call it in the transaction of what it does.

    Of two requests at once one waits for the other: it is told False, unless the other came to nothing. `actor` is
    whoever sent it; what the page does is recorded by what it calls.
    """
    now = clock.now()
    _, is_first = SentPage.objects.get_or_create(number=number, defaults={"sent_at": now})
    if is_first:
        SentPage.objects.filter(sent_at__lt=now - KEPT).delete()
    return is_first
