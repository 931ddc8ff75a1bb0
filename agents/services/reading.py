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
    if isinstance(principal, Owner):
        key = sources.open_source_key(agent, owner=principal)
    else:
        room_key = hooks.room_key_of(principal)
        key = sources.open_source_key(agent, room_id=principal.room_id, room_key=room_key)
    content = sources.load_file(agent, path, key)
    if content is None:
        raise FileNotFound
    return content
