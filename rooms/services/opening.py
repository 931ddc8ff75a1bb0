"""Opening a room: the bearer that came with this request unwraps its key, and nobody keeps it afterwards."""

from hivemind.kit.errors import RoomSealed, TenantSealed
from rooms.models import Room
from rooms.services import wraps
from tenants.principals import Owner, Principal
from tenants.services import seals


def open_room_key(principal: Principal, room: Room) -> bytes:
    """The 32-byte key of `room`, which must be one that the caller may load.

    Raises RoomSealed when this caller has no wrap or its wrap does not open, TenantSealed when an owner's root key does
    not open.
    """
    if isinstance(principal, Owner):
        return wraps.open_as_owner(room, root_key=seals.open_root(principal))
    return wraps.open_as_bearer(room, token=principal.bearer, role=principal.role)


def can_open(principal: Principal, room: Room) -> bool:
    """Whether what the caller presented opens the room."""
    try:
        open_room_key(principal, room)
    except (RoomSealed, TenantSealed):
        return False
    return True
