"""What the agents app asks of rooms: who still names an agent, and the key of a guest's room."""

from agents.models import Agent, SourceKeyWrap
from rooms.models import Room
from rooms.selectors import rooms
from rooms.services import opening
from tenants.principals import RoomGuest

_HOLDER = "room:"


def names(agent: Agent) -> bool:
    """Whether a room that is in force names the agent, and so holds a copy of its source key.

    A package that a participant brought is named by no room.
    """
    if agent.room_id:
        return False
    holders = SourceKeyWrap.objects.filter(agent=agent, holder__startswith=_HOLDER).values_list("holder", flat=True)
    room_ids = [holder.removeprefix(_HOLDER) for holder in holders]
    return Room.objects.filter(pk__in=room_ids, tenant_id=agent.tenant_id, revoked_at=None).exists()


def key_of(guest: RoomGuest) -> bytes:
    """The key of the guest's room. Raises RoomSealed, and what `rooms.selectors.rooms.load` raises."""
    return opening.open_room_key(guest, rooms.load(guest, guest.room_id).room)
