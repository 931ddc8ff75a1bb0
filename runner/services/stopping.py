"""Stopping what runs when a right to a room ends."""

from django.db.models import Q

from hivemind.kit import audit
from hivemind.kit.audit import Actor
from rooms.hooks import Revocation
from runner.enums import FailureCode
from runner.models import Artifact, Run
from runner.services import artifact_rows, finish, runs
from tenants.models import Tenant


def stop_work(revocation: Revocation) -> None:
    """Ask the runs of the room, or of the one bearer, to stop. Called inside the revocation's transaction."""
    concerned = Run.objects.filter(room_id=revocation.room_id)
    if not revocation.whole_room:
        concerned = concerned.filter(issuer_token_id=revocation.token_id)
    runs.request_stop(concerned, actor=revocation.actor)


def forget_files(revocation: Revocation) -> None:
    """Remove the files of a room that was revoked. Called inside the revocation's transaction, after the stopping."""
    if revocation.whole_room:
        artifact_rows.remove(Artifact.objects.filter(run__room_id=revocation.room_id))


def stop_tenant(tenant: Tenant, actor: Actor) -> None:
    """Ask everything that runs in the tenant's rooms, or at the tenant's cost, to stop."""
    runs.request_stop(Run.objects.filter(Q(tenant=tenant) | Q(payer_tenant_id=tenant.pk)), actor=actor)


def end_work(tenant: Tenant, actor: Actor) -> None:
    """End what still runs in the rooms of a tenant that is being deleted, so that whoever pays gets the rest back."""
    living = Run.objects.filter(tenant=tenant, ended_at=None).order_by("payer_tenant_id", "pk")
    for run in list(living.select_for_update(no_key=True)):  # all of them before the first account
        if run.cancel_requested_at is None:
            audit.record(actor, "run.cancel", run.pk, tenant_id=run.tenant_id)
        finish.end(run, finish.failed(FailureCode.CANCELLED), room_key=None)
