"""Where apps above learn that a right to a room has ended. They register when the process starts."""

from collections.abc import Callable
from dataclasses import dataclass

from hivemind.kit.audit import Actor


@dataclass(frozen=True)
class Revocation:
    """A right that ended: one bearer's (`token_id`), or everybody's to the room when `token_id` is empty."""

    tenant_id: str
    room_id: str
    token_id: str
    actor: Actor

    @property
    def whole_room(self) -> bool:
        """Whether the room itself was revoked."""
        return not self.token_id


Listener = Callable[[Revocation], None]
_listeners: list[Listener] = []


def on_revoked(listener: Listener) -> None:
    """Have `listener` called for every revocation, inside its transaction: what it raises undoes the revocation."""
    if listener not in _listeners:
        _listeners.append(listener)


def forget(listener: Listener) -> None:
    """Stop calling `listener`."""
    if listener in _listeners:
        _listeners.remove(listener)


def announce(revocation: Revocation) -> None:
    """Tell every listener. Called by the services of this app, inside their transaction."""
    for listener in _listeners:
        listener(revocation)
