"""Compose pins as their readers may see them."""

from django.db.models import Q, QuerySet

from attestation.server.models import ComposePin
from attestation.server.pin_errors import PinNotFound
from hivemind.kit import clock
from tenants.principals import Owner, Principal


def visible(caller: Principal, *, scope_agent_id: str | None = None) -> QuerySet[ComposePin]:
    """The pins that `caller` may read, newest first, whatever became of them; of one scope agent when it is named.

    An owner reads all. A guest reads those that speak about the room's own scope agent, or about every agent.
    """
    rows = ComposePin.objects.filter(tenant=caller.tenant).order_by("-created_at", "-id")
    if not isinstance(caller, Owner):
        rows = rows.filter(scope_agent_id__in=("", str(caller.constraints.get("scope_agent_id", ""))))
    return rows if scope_agent_id is None else rows.filter(scope_agent_id=scope_agent_id)


def in_force(rows: QuerySet[ComposePin]) -> QuerySet[ComposePin]:
    """Those that were not revoked and have not expired."""
    # A pin holds to the end of its last second.
    now = clock.now()
    return rows.filter(Q(expires_at=None) | Q(expires_at__gte=now), revoked_at=None)


def latest(caller: Principal, *, scope_agent_id: str | None = None) -> ComposePin:
    """The newest pin in force. Raises PinNotFound when there is none."""
    row = in_force(visible(caller, scope_agent_id=scope_agent_id)).first()
    if row is None:
        raise PinNotFound
    return row
