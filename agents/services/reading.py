"""Reading one file of an inspectable agent with the caller's own right to it."""

from agents import hooks
from agents.enums import InspectionMode
from agents.errors import FileNotFound, SourceSealed
from agents.models import Agent
from agents.services import sources
from tenants.principals import Owner, Principal


def read_file(agent: Agent, path: str, *, principal: Principal) -> bytes:
    """The file, exact. Raises FileNotFound, SourceSealed, TenantSealed, RoomSealed."""
    if not agent.files.filter(path=path).exists():
        raise FileNotFound
    if agent.inspection_mode == InspectionMode.SEALED:
        raise SourceSealed
    content = sources.load_file(agent, path, source_key_of(agent, principal))
    if content is None:
        raise FileNotFound
    return content


def source_key_of(agent: Agent, principal: Principal) -> bytes:
    """The key of an agent that the caller may see: by the tenant's keys, or by those of the room it is in.

    Raises TenantSealed, RoomSealed.
    """
    if isinstance(principal, Owner) and not agent.is_brought:
        return sources.open_source_key(agent, owner=principal)
    room_id = agent.room_id if isinstance(principal, Owner) else principal.room_id
    return sources.open_source_key(agent, room_id=room_id, room_key=hooks.room_key(principal, room_id))
