"""A room's vault: what the owner adds for the room's agents to read, sealed under the room's key.

Every change rewrites the sealed list of items in the same transaction, under a lock on the room; every reading holds
the rows against that list and serves all of them or none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction

from hivemind.kit import audit, clock, ids
from rooms.errors import RoomNotFound, RoomRevoked, VaultFull, VaultItemNotFound
from rooms.models import Room, VaultItem
from rooms.services import opening, vault_index, vault_rows, vault_sealing
from rooms.services.vault_index import Placed
from rooms.services.vault_sealing import VaultEntry
from tenants.principals import Owner

__all__ = ["NewItem", "VaultEntry", "add", "count", "delete", "items_for", "snapshot"]

MAX_ITEMS: Final = 10_000
MAX_TOTAL_BYTES: Final = 64 * 1024 * 1024
_UNLOCKED_READS: Final = 3


@dataclass(frozen=True)
class NewItem:
    """What an owner wants to add."""

    text: str = field(repr=False)
    metadata: dict[str, Any] = field(repr=False)


def add(owner: Owner, room: Room, new: NewItem) -> VaultEntry:
    """Seal and append one item; return it as stored.

    Raises VaultItemTooLarge, VaultFull, VaultDamaged, RoomSealed, TenantSealed, and RoomRevoked when the room was
    revoked meanwhile.
    """
    size = vault_sealing.check_size(new.text, new.metadata)
    room_key = opening.open_room_key(owner, room)
    now = clock.now()
    item = VaultEntry(ids.vault_item_id(), new.text, new.metadata, now.timestamp(), size)
    sealed = vault_sealing.seal(room, item, room_key=room_key)
    with transaction.atomic():
        locked = _current(room, lock=True)
        entries = _checked_entries(locked, room_key)
        _check_room_for(locked, entries, size)
        position = entries[-1][1] + 1 if entries else 1
        vault_rows.insert(
            VaultItem(id=item.item_id, room=locked, position=position, sealed=sealed, size_bytes=size, created_at=now)
        )
        _write_index(locked, [*entries, (item.item_id, position)], room_key)
        audit.record(owner.actor, "vault.add", room.pk, tenant_id=room.tenant_id, item_id=item.item_id, size_bytes=size)
    return item


def delete(owner: Owner, room: Room, item_id: str) -> None:
    """Remove one item for good. Raises VaultItemNotFound, VaultDamaged, RoomSealed, TenantSealed, RoomRevoked."""
    room_key = opening.open_room_key(owner, room)
    with transaction.atomic():
        locked = _current(room, lock=True)
        entries = _checked_entries(locked, room_key)
        left = [entry for entry in entries if entry[0] != item_id]
        if len(left) == len(entries):
            raise VaultItemNotFound
        VaultItem.objects.filter(room=locked, pk=item_id).delete()
        _write_index(locked, left, room_key)
        audit.record(owner.actor, "vault.delete", room.pk, tenant_id=room.tenant_id, item_id=item_id)


def items_for(owner: Owner, room: Room) -> list[VaultEntry]:
    """All items, oldest first. A room without any answers without opening a key.

    Raises VaultDamaged, RoomSealed, TenantSealed.
    """
    current, rows = _together(room)
    if not rows:
        vault_index.check_looks_empty(current)
        return []
    return _opened(current, rows, opening.open_room_key(owner, room))


def snapshot(room: Room, room_key: bytes) -> list[VaultEntry]:
    """All items, oldest first, for a run that carries the room's key.

    Raises VaultDamaged, also when the list of an empty vault does not open; RoomRevoked, RoomNotFound.
    """
    current, rows = _together(room)
    return _opened(current, rows, room_key)


def count(room: Room) -> int:
    """How many items are stored. Only a number to show or to plan with: nothing vouches for it."""
    return VaultItem.objects.filter(room_id=room.pk).count()


def _current(room: Room, *, lock: bool = False) -> Room:
    """The room's row as it is now, if wanted held until the transaction ends. Raises RoomNotFound, RoomRevoked."""
    rows = Room.objects.defer("envelope").filter(pk=room.pk)
    current = (rows.select_for_update(of=("self",), no_key=True) if lock else rows).first()
    if current is None:
        raise RoomNotFound
    if current.revoked_at is not None:
        raise RoomRevoked
    return current


def _together(room: Room) -> tuple[Room, list[VaultItem]]:
    """The sealed list and the rows of one moment.

    Every change makes new bytes of the list, so rows read between two equal lists belong to it. Only a vault that
    changes all the time is locked for reading.
    """
    for _ in range(_UNLOCKED_READS):
        before, rows, after = _current(room), _rows(room), _current(room)
        if bytes(before.vault_index) == bytes(after.vault_index):
            return after, rows
    with transaction.atomic():
        return _current(room, lock=True), _rows(room)


def _rows(room: Room) -> list[VaultItem]:
    return list(VaultItem.objects.filter(room_id=room.pk).order_by("position"))


def _opened(room: Room, rows: Sequence[VaultItem], room_key: bytes) -> list[VaultEntry]:
    vault_index.check(room, [(row.pk, row.position) for row in rows], room_key=room_key)
    return [vault_sealing.open_item(room, row.pk, bytes(row.sealed), room_key=room_key) for row in rows]


def _checked_entries(room: Room, room_key: bytes) -> list[Placed]:
    entries = list(VaultItem.objects.filter(room=room).order_by("position").values_list("pk", "position"))
    vault_index.check(room, entries, room_key=room_key)
    return entries


def _check_room_for(room: Room, entries: Sequence[Placed], size_bytes: int) -> None:
    if len(entries) >= MAX_ITEMS:
        raise VaultFull(f"The room holds {len(entries)} items; it may hold {MAX_ITEMS}")
    stored = sum(VaultItem.objects.filter(room=room).values_list("size_bytes", flat=True))
    if stored + size_bytes > MAX_TOTAL_BYTES:
        raise VaultFull(f"The items would have {stored + size_bytes} bytes; a room may hold {MAX_TOTAL_BYTES}")


def _write_index(room: Room, entries: Sequence[Placed], room_key: bytes) -> None:
    index = vault_index.seal(room, entries, room_key=room_key)
    Room.objects.filter(pk=room.pk).update(vault_index=index)
