"""What the tenants app asks of rooms: lists and revocations of tokens, and what a guest's bearer opens and may see."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from hivemind.kit.audit import Actor
from hivemind.kit.clock import unix
from rooms.models import Invite, Room, RoomKeyWrap
from rooms.selectors import rooms
from rooms.services import invites, share_links, tables, wraps
from tenants.databases import session
from tenants.models import Tenant
from tenants.principals import RoomGuest


def tokens_of(tenant: Tenant) -> Sequence[dict[str, Any]]:
    """Every invite of the tenant as the wire writes it, newest first, revoked ones included."""
    rows = Invite.objects.filter(room__tenant=tenant).order_by("-created_at", "-pk")
    return [
        {
            "token_id": invite.token_id,
            "kind": "query",
            "label": invite.label,
            "constraints": invite.constraints,
            "created_at": unix(invite.created_at),
            "revoked_at": unix(invite.revoked_at),
        }
        for invite in rows
    ]


def revoke_all(tenant: Tenant, actor: Actor) -> int:
    """Revoke every live invite and share link of the tenant, room by room; how many there were."""
    rows = Room.objects.filter(tenant=tenant, revoked_at=None).defer("envelope", "vault_index")
    revoked = 0
    with transaction.atomic():
        for room in rows.order_by("pk").select_for_update(of=("self",), no_key=True):
            revoked += invites.revoke_each(room, actor=actor)
            revoked += share_links.disable(room, actor=actor)
    return revoked


def drop_owner_wraps(tenant: Tenant, actor: Actor) -> int:
    """Delete the copies of room keys that only the tenant's old root key opens; how many there were."""
    deleted, _ = RoomKeyWrap.objects.filter(room__tenant=tenant, holder=wraps.OWNER).delete()
    return deleted


def tables_for(guest: RoomGuest) -> frozenset[str]:
    """The tenant's tables that the guest's room allows. Raises what `rooms.selectors.rooms.load` raises."""
    allowed = rooms.load(guest, guest.room_id).terms.allowed_tables
    return tables.present(allowed, session.table_names(guest.tenant)) if allowed else frozenset()


def is_sealed(guest: RoomGuest) -> bool:
    """Whether the guest's bearer does not open its room's key. One query."""
    held = (
        RoomKeyWrap.objects.select_related("room")
        .defer("room__envelope", "room__vault_index")
        .filter(room_id=guest.room_id, holder=guest.holder)
        .first()
    )
    return held is None or not wraps.opens(held, token=guest.bearer)
