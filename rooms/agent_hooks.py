"""What the agents app asks of rooms: who still names an agent, and the key of a guest's room."""

from agents.models import Agent
from rooms.models import Room
from rooms.services import opening
from tenants.principals import RoomGuest


def names(agent: Agent) -> bool:
    """Whether a room that is in force names the agent. Ids are 12 hex digits, so the quoted text cannot be prose."""
    in_force = Room.objects.filter(tenant_id=agent.tenant_id, revoked_at=None)
    return in_force.filter(envelope__contains=f'"{agent.pk}"').exists()


def key_of(guest: RoomGuest) -> bytes:
    """The key of the guest's room. Raises RoomSealed."""
    return opening.open_room_key(guest, Room.objects.get(pk=guest.room_id, tenant=guest.tenant))
