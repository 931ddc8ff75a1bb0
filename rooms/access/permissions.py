"""Who may touch which room. Guests are bound to the one room of their token, before anything is looked up."""

from collections.abc import Mapping
from typing import Final

from django.db import connection

from hivemind.kit.errors import Unauthenticated
from rooms.errors import BlankRoomId, OtherRoomsToken, RoomRevoked, TokenWithoutRoom
from rooms.models import Room
from tenants.errors import KeyRetired
from tenants.models import ApiKey
from tenants.principals import Owner, Principal

# Locked in this order, as everywhere: the tenant, its room, and then who was let in. A lock for reading lets other asks
# pass and makes whoever ends one of these wait.
_BEARERS: Final[Mapping[str, str]] = {
    "owner": "JOIN tenants_apikey b ON b.tenant_id = t.id AND b.token_hash = %s AND b.retired_at IS NULL",
    "query": "JOIN rooms_invite b ON b.room_id = r.id AND b.token_hash = %s AND b.revoked_at IS NULL",
    "share": "JOIN rooms_sharelink b ON b.room_id = r.id AND b.token_hash = %s",
}
_HELD: Final = (
    "SELECT 1 FROM tenants_tenant t JOIN rooms_room r ON r.tenant_id = t.id {bearer} "
    "WHERE r.id = %s AND t.suspended_at IS NULL AND r.revoked_at IS NULL FOR SHARE OF t, r, b"
)


def check_room_of(principal: Principal, room_id: str) -> None:
    """Raise TokenWithoutRoom, OtherRoomsToken or BlankRoomId; an owner may ask about any id."""
    if not isinstance(principal, Owner):
        if not principal.room_id:
            raise TokenWithoutRoom
        if principal.room_id != room_id:
            raise OtherRoomsToken
    if not room_id.strip():
        raise BlankRoomId


def check_key_live(owner: Owner) -> None:
    """Raise KeyRetired when the owner key was replaced, or its tenant suspended, since the request began.

    For whatever makes a new bearer: asked under a lock that a reset of the key takes too, so that nothing which a
    stolen key started outlives the reset.
    """
    if not ApiKey.objects.filter(pk=owner.key.pk, retired_at=None, tenant__suspended_at=None).exists():
        raise KeyRetired


def hold_right(principal: Principal, room_id: str) -> None:
    """Keep the room and the caller's bearer as they are until the transaction ends, or refuse.

    For whatever is stored in the name of a bearer that was looked at a while ago: who ends the room, the bearer or the
    tenant's standing waits for the transaction, and then sees what it stored. Raises RoomRevoked, KeyRetired and
    Unauthenticated when one of them has ended since the request began.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HELD.format(bearer=_BEARERS[principal.role]), [principal.bearer.hash, room_id])
        if cursor.fetchone() is not None:
            return
    if Room.objects.filter(pk=room_id, revoked_at__isnull=False).exists():
        raise RoomRevoked
    if isinstance(principal, Owner):
        check_key_live(principal)
    raise Unauthenticated
