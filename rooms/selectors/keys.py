"""How a room's key stands, in numbers."""

from dataclasses import dataclass

from rooms.models import Room, RoomKeyWrap, VaultItem


@dataclass(frozen=True)
class KeyCounts:
    """How many hold a copy of a room's key, and how many items are sealed under it."""

    wraps: int
    items: int


def counts(room: Room) -> KeyCounts:
    """Counts as stored."""
    return KeyCounts(
        wraps=RoomKeyWrap.objects.filter(room_id=room.pk).count(),
        items=VaultItem.objects.filter(room_id=room.pk).count(),
    )
