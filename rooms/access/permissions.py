"""Who may touch which room. Guests are bound to the one room of their token, before anything is looked up."""

from rooms.errors import BlankRoomId, OtherRoomsToken, TokenWithoutRoom
from tenants.errors import KeyRetired
from tenants.models import ApiKey
from tenants.principals import Owner, Principal


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
