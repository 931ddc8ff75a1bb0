"""What apps above this one add: who refers to an agent or uses it, and how a bearer opens its room's key."""

from collections.abc import Callable

from django.db.models import Q

from agents.models import Agent
from tenants.principals import Principal

ReferenceCheck = Callable[[Agent], bool]
RoomKey = Callable[[Principal, str], bytes]
Over = Callable[[], Q]

_references: list[ReferenceCheck] = []
_users: list[ReferenceCheck] = []
_room_keys: list[RoomKey] = []
_over: list[Over] = []


def register_references(check: ReferenceCheck) -> None:
    """`check` says whether something still in use names the agent."""
    _references.append(check)


def register_use(check: ReferenceCheck) -> None:
    """`check` says whether something that goes on now uses the agent."""
    _users.append(check)


def register_room_key(opener: RoomKey) -> None:
    """`opener` opens the key of a room with the caller's bearer. Raises RoomSealed when that does not."""
    _room_keys.append(opener)


def register_over(condition: Over) -> None:
    """`condition` finds the packages that were brought to a room and that nobody has a right to use any more."""
    _over.append(condition)


def over() -> Q:
    """Which packages are over, as a condition on agents."""
    found = Q(pk__in=[])
    for condition in _over:
        found |= condition()
    return found


def is_in_use(agent: Agent) -> bool:
    """Whether anything in use names the agent."""
    return any(check(agent) for check in _references)


def is_used_now(agent: Agent) -> bool:
    """Whether something that goes on uses the agent."""
    return any(check(agent) for check in _users)


def room_key(principal: Principal, room_id: str) -> bytes:
    """The key of that room, by the caller's right to it."""
    return _room_keys[0](principal, room_id)
