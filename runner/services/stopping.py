"""Stopping what runs when a right to a room ends."""

from django.db.models import Q

from hivemind.kit.audit import Actor
from rooms.hooks import Revocation
from runner.models import Run
from runner.services import runs
from tenants.models import Tenant


def stop_work(revocation: Revocation) -> None:
    """Ask the runs of the room, or of the one bearer, to stop. Called inside the revocation's transaction."""
    concerned = Run.objects.filter(room_id=revocation.room_id)
    if not revocation.whole_room:
        concerned = concerned.filter(issuer_token_id=revocation.token_id)
    runs.request_stop(concerned, actor=revocation.actor)


def stop_tenant(tenant: Tenant, actor: Actor) -> None:
    """Ask everything that runs in the tenant's rooms, or at the tenant's cost, to stop."""
    runs.request_stop(Run.objects.filter(Q(tenant=tenant) | Q(payer_tenant_id=tenant.pk)), actor=actor)
