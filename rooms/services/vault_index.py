"""The sealed list of a vault's items: it fixes which items there are and at which position each stands.

Twelve bytes an item, in rising order of position: the item's 64-bit id and its 32-bit position. An empty vault has a
sealed list too, so that a list which is gone is told from one that is empty.
"""

import struct
from collections.abc import Sequence
from typing import Final

from attestation.errors import SealBroken
from attestation.sealing import aead
from attestation.sealing.context import vault_index_context
from rooms.errors import VaultDamaged
from rooms.models import Room

Placed = tuple[str, int]

_RECORD: Final = struct.Struct(">QI")
_ID_PREFIX: Final = "rvi_"
_SEAL_BYTES: Final = 28  # nonce and tag


def seal(room: Room, entries: Sequence[Placed], *, room_key: bytes) -> bytes:
    """The list as it is stored on the room."""
    plain = b"".join(_RECORD.pack(int(item_id.removeprefix(_ID_PREFIX), 16), at) for item_id, at in entries)
    return aead.seal(room_key, plain, context=_context(room))


def check(room: Room, stored: Sequence[Placed], *, room_key: bytes) -> None:
    """Raise VaultDamaged unless the sealed list opens and names exactly the `stored` items in their order."""
    try:
        plain = aead.open_sealed(room_key, bytes(room.vault_index), context=_context(room))
        listed = [(f"{_ID_PREFIX}{number:016x}", at) for number, at in _RECORD.iter_unpack(plain)]
    except (SealBroken, struct.error) as error:
        raise VaultDamaged from error
    if listed != list(stored):
        raise VaultDamaged


def check_looks_empty(room: Room) -> None:
    """Raise VaultDamaged when the sealed list, unopened, is too long or too short to be that of an empty vault."""
    if len(room.vault_index) != _SEAL_BYTES:
        raise VaultDamaged


def _context(room: Room) -> bytes:
    return vault_index_context(tenant_id=room.tenant_id, room_id=room.pk, key_id=room.key_id)
