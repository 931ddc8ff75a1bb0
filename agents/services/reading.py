"""Reading what is sealed under an agent's key, with the caller's own right to it."""

from dataclasses import dataclass, field

from agents import hooks
from agents.access import permissions
from agents.enums import InspectionMode
from agents.errors import BuildNotFound, FileNotFound, SourceSealed
from agents.models import Agent, ImageBuild
from agents.services import build_logs, sources
from tenants.principals import Owner, Principal


@dataclass(frozen=True)
class ReadBuild:
    """A build and what it printed."""

    build: ImageBuild
    log: str = field(repr=False)


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


def read_build(agent: Agent, *, principal: Principal) -> ReadBuild:
    """The newest build with its log, for whoever uploaded the agent.

    Raises BuildNotFound for everybody else too, TenantSealed, RoomSealed, SealBroken.
    """
    build = agent.builds.order_by("-created_at", "-pk").first()
    if build is None or not permissions.is_uploader(principal, agent):
        raise BuildNotFound
    build.agent = agent
    text = build_logs.opened(build, source_key=source_key_of(agent, principal)) if build.log_sealed else ""
    return ReadBuild(build, text)


def source_key_of(agent: Agent, principal: Principal) -> bytes:
    """The key of an agent that the caller may see: by the tenant's keys, or by those of the room it is in.

    Raises TenantSealed, RoomSealed.
    """
    if isinstance(principal, Owner) and not agent.is_brought:
        return sources.open_source_key(agent, owner=principal)
    room_id = agent.room_id if isinstance(principal, Owner) else principal.room_id
    return sources.open_source_key(agent, room_id=room_id, room_key=hooks.room_key(principal, room_id))
