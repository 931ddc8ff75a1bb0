"""What apps above this one add: who else refers to an agent, and how a guest's bearer opens its room's key."""

from collections.abc import Callable

from agents.models import Agent
from tenants.principals import RoomGuest

ReferenceCheck = Callable[[Agent], bool]
GuestKey = Callable[[RoomGuest], bytes]

_references: list[ReferenceCheck] = []
_guest_keys: list[GuestKey] = []


def register_references(check: ReferenceCheck) -> None:
    """`check` says whether something still in use names the agent."""
    _references.append(check)


def register_guest_key(opener: GuestKey) -> None:
    """`opener` opens the key of a guest's room. Raises RoomSealed when the bearer does not."""
    _guest_keys.append(opener)


def is_in_use(agent: Agent) -> bool:
    """Whether anything in use names the agent."""
    return any(check(agent) for check in _references)


def room_key_of(guest: RoomGuest) -> bytes:
    """The key of the guest's room."""
    return _guest_keys[0](guest)
