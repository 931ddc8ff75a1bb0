"""What the agents app asks of rooms: who still names an agent, and the key of a room."""

from django.db.models import Exists, OuterRef, Q

from agents.models import Agent, SourceKeyWrap
from rooms.models import Invite, Room
from rooms.selectors import rooms
from rooms.services import opening
from tenants.principals import Principal

_HOLDER = "room:"


def names(agent: Agent) -> bool:
    """Whether a room that is in force names the agent: its manifest does, or it holds a copy of the source key.

    A package that a participant brought is named by no room.
    """
    if agent.room_id:
        return False
    holders = SourceKeyWrap.objects.filter(agent=agent, holder__startswith=_HOLDER).values_list("holder", flat=True)
    room_ids = [holder.removeprefix(_HOLDER) for holder in holders]
    named = Q(pk__in=room_ids) | Q(envelope__contains=f'"{agent.pk}"')
    return Room.objects.filter(named, tenant_id=agent.tenant_id, revoked_at=None).exists()


def key_of(principal: Principal, room_id: str) -> bytes:
    """The key of the caller's room. Raises RoomSealed, and what `rooms.selectors.rooms.load` raises."""
    return opening.open_room_key(principal, rooms.load(principal, room_id).room)


def over() -> Q:
    """Packages that were brought to a room that is revoked, or with an invite that is."""
    room = Room.objects.filter(pk=OuterRef("room_id"), revoked_at__isnull=False)
    invite = Invite.objects.filter(
        room_id=OuterRef("room_id"), token_id=OuterRef("uploader_token_id"), revoked_at__isnull=False
    )
    return Q(Exists(room)) | Q(Exists(invite))
