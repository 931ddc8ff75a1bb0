"""One vault item as plain values and as sealed bytes. Text, metadata and time are sealed together."""

from dataclasses import dataclass, field
from typing import Any, Final

from attestation.canonical import ROOM_V1
from attestation.errors import CanonicalError, SealBroken
from attestation.sealing import aead
from attestation.sealing.context import vault_item_context
from rooms.errors import VaultDamaged, VaultItemTooLarge
from rooms.models import Room

MAX_TEXT_BYTES: Final = 8 * 1024 * 1024
MAX_METADATA_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class VaultEntry:
    """One item in the clear. `size_bytes` is the length of the text in UTF-8, `created_at` unix seconds."""

    item_id: str
    text: str = field(repr=False)
    metadata: dict[str, Any] = field(repr=False)
    created_at: float
    size_bytes: int


def check_size(text: str, metadata: dict[str, Any]) -> int:
    """Length of the text in bytes. Raises VaultItemTooLarge, also for metadata without a canonical form."""
    size = len(text.encode("utf-8"))
    if size > MAX_TEXT_BYTES:
        raise VaultItemTooLarge(f"The text has {size} bytes; an item may have {MAX_TEXT_BYTES}")
    try:
        encoded = len(ROOM_V1.encode(metadata))
    except CanonicalError as error:
        raise VaultItemTooLarge(f"The metadata cannot be stored: {error}") from error
    if encoded > MAX_METADATA_BYTES:
        raise VaultItemTooLarge(f"The metadata has {encoded} bytes; an item may have {MAX_METADATA_BYTES}")
    return size


def seal(room: Room, item: VaultEntry, *, room_key: bytes) -> bytes:
    """The bytes to store for `item`, bound to tenant, room, item and key."""
    content = {"created_at": item.created_at, "metadata": item.metadata, "text": item.text}
    return aead.seal(room_key, ROOM_V1.encode(content), context=_context(room, item.item_id))


def open_item(room: Room, item_id: str, sealed: bytes, *, room_key: bytes) -> VaultEntry:
    """The item that was sealed under this id. Raises VaultDamaged."""
    try:
        plain = aead.open_sealed(room_key, sealed, context=_context(room, item_id))
    except SealBroken as error:
        raise VaultDamaged from error
    match ROOM_V1.decode_strict(plain):
        case {"created_at": float() as created_at, "metadata": dict() as metadata, "text": str() as text}:
            size = len(text.encode("utf-8"))
            return VaultEntry(item_id, text, metadata, created_at, size)
        case _:
            raise VaultDamaged


def _context(room: Room, item_id: str) -> bytes:
    return vault_item_context(tenant_id=room.tenant_id, room_id=room.pk, item_id=item_id, key_id=room.key_id)
