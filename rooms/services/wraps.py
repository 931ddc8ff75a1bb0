"""Copies of a room's key for those with a right to it: made, opened and dropped here and nowhere else."""

from typing import Final

from attestation.errors import SealError
from attestation.sealing import kdf, wrap
from attestation.sealing.context import wrap_context
from attestation.tokens import Token
from hivemind.kit import clock
from hivemind.kit.errors import RoomSealed
from rooms.models import Room, RoomKeyWrap

OWNER: Final = "owner"
_KIND: Final = "room"


def holder_of(token: Token, *, role: str) -> str:
    """The name under which a guest's wrap is kept."""
    return f"{role}:{token.token_id}"


def wrap_for_owner(room: Room, *, room_key: bytes, root_key: bytes) -> None:
    """Store the room's key under the tenant's root key, so that a change of the owner key leaves it alone."""
    wrapped = wrap.wrap_key(root_key, room_key, context=_context(room, OWNER))
    _store(room, OWNER, salt=b"", wrapped=wrapped)


def wrap_for_bearer(room: Room, *, room_key: bytes, token: Token, role: str) -> None:
    """Store the room's key under a key derived from a guest's token and a salt of its own."""
    holder, salt = holder_of(token, role=role), kdf.new_salt()
    context = _context(room, holder)
    kek = kdf.bearer_kek(token.text, salt=salt, context=context)
    _store(room, holder, salt=salt, wrapped=wrap.wrap_key(kek, room_key, context=context))


def open_as_owner(room: Room, *, root_key: bytes) -> bytes:
    """The room's key out of the owner's wrap. Raises RoomSealed."""
    return _open(_find(room, OWNER), room, kek=root_key)


def open_as_bearer(room: Room, *, token: Token, role: str) -> bytes:
    """The room's key out of a guest's wrap. Raises RoomSealed."""
    return _open_with(_find(room, holder_of(token, role=role)), room, token=token)


def opens(held: RoomKeyWrap, *, token: Token) -> bool:
    """Whether a guest's token opens this wrap, which comes with its room."""
    try:
        _open_with(held, held.room, token=token)
    except RoomSealed:
        return False
    return True


def drop(room: Room, *, holders: list[str] | None = None) -> None:
    """Delete the wraps of `holders`, or every wrap but the owner's."""
    wraps = RoomKeyWrap.objects.filter(room=room).exclude(holder=OWNER)
    (wraps if holders is None else wraps.filter(holder__in=holders)).delete()


def _store(room: Room, holder: str, *, salt: bytes, wrapped: bytes) -> None:
    RoomKeyWrap.objects.create(room=room, holder=holder, salt=salt, wrapped=wrapped, created_at=clock.now())


def _find(room: Room, holder: str) -> RoomKeyWrap:
    found = RoomKeyWrap.objects.filter(room=room, holder=holder).first()
    if found is None:
        raise RoomSealed
    return found


def _open_with(found: RoomKeyWrap, room: Room, *, token: Token) -> bytes:
    try:
        kek = kdf.bearer_kek(token.text, salt=bytes(found.salt), context=_context(room, found.holder))
    except SealError as error:
        raise RoomSealed from error
    return _open(found, room, kek=kek)


def _open(found: RoomKeyWrap, room: Room, *, kek: bytes) -> bytes:
    try:
        room_key = wrap.unwrap_key(kek, bytes(found.wrapped), context=_context(room, found.holder))
    except SealError as error:
        raise RoomSealed from error
    if wrap.key_id(room_key) != room.key_id:
        raise RoomSealed
    return room_key


def _context(room: Room, holder: str) -> bytes:
    return wrap_context(_KIND, tenant_id=room.tenant_id, room_id=room.pk, holder=holder, key_id=room.key_id)
