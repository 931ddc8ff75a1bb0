"""Who may touch which room. Guests are bound to the one room of their token, before anything is looked up."""

from rooms.errors import BlankRoomId, OtherRoomsToken, TokenWithoutRoom
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
