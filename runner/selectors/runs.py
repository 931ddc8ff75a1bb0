"""Which runs a caller sees."""

from django.db.models import QuerySet

from billing.payers import Payer
from runner.errors import RunNotFound
from runner.models import Run
from tenants.principals import Owner, Principal


def visible_to(principal: Principal, *, payer: Payer | None) -> QuerySet[Run]:
    """An owner sees the tenant's runs, an invite its own, a share link those of its room that its payer paid for.

    A spend token shows only what it paid for itself, so that it says nothing about its owner's other runs.
    """
    runs = Run.objects.select_related("room").prefetch_related("stages")
    if isinstance(principal, Owner):
        return runs.filter(tenant=principal.tenant)
    mine = runs.filter(room_id=principal.room_id)
    if principal.role == "query":
        return mine.filter(issuer_token_id=principal.token_id)
    if payer is None:
        return mine.none()
    paid = mine.filter(issuer_role="share", payer_tenant_id=payer.tenant_id)
    return paid.filter(payer_token_id=payer.spend_token_id) if payer.spend_token_id else paid


def get(principal: Principal, run_id: str, *, payer: Payer | None) -> Run:
    """One run. Raises RunNotFound for an unknown one and for one that the caller may not see."""
    run = visible_to(principal, payer=payer).filter(pk=run_id).first()
    if run is None:
        raise RunNotFound
    return run
