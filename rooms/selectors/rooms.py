"""Reading rooms. Whatever is returned was verified against the stored owner key with this very request."""

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from attestation.canonical import ROOM_V1
from attestation.errors import CanonicalError, ManifestMissing, VerificationError
from attestation.verifier import VerifiedRoom, verify_room
from hivemind.kit import clock
from hivemind.kit.api.pagination import Page, newest_first
from rooms import terms
from rooms.access import permissions, policies
from rooms.errors import RoomNotFound
from rooms.models import Room
from rooms.selectors import revocations
from rooms.terms import RoomTerms
from tenants.principals import Owner, Principal

log = logging.getLogger(__name__)
_ROOM_ID = re.compile(r"room_[0-9a-f]{12}")


@dataclass(frozen=True)
class LoadedRoom:
    """A room whose envelope holds. `envelope` has the four members of the wire, the manifest from the checked bytes.

    `revocation` is its owner's signed statement that it is over, None where there is none.
    """

    room: Room
    verified: VerifiedRoom
    terms: RoomTerms
    envelope: dict[str, Any]
    revocation: dict[str, Any] | None = None


@dataclass(frozen=True)
class DamagedRoom:
    """A room whose stored envelope does not hold; `code` names the check that failed. Nothing of it may be shown."""

    room: Room
    code: str


def load(principal: Principal, room_id: str, *, allow_revoked: bool = False, need_tables: bool = True) -> LoadedRoom:
    """One room for one caller, in one query.

    Raises TokenWithoutRoom, OtherRoomsToken, BlankRoomId, RoomNotFound, a VerificationError when the stored envelope is
    not the owner's current word on this room, RoomRevoked and RoomExpired (both not with `allow_revoked`), and
    RoomOutdated (not when `need_tables` is false).
    """
    room = called(principal, room_id).first()
    if room is None:
        raise RoomNotFound
    loaded = verify(room)
    if not allow_revoked:
        policies.check_in_force(room, loaded.verified.manifest)
    if need_tables:
        policies.check_tables_signed(loaded.verified.manifest)
    return loaded


def called(principal: Principal, room_id: str) -> QuerySet[Room]:
    """The rows, one at most, that `room_id` means to the caller; nothing of them is verified.

    Raises TokenWithoutRoom, OtherRoomsToken, BlankRoomId, and RoomNotFound for a text that is no room's id.
    """
    permissions.check_room_of(principal, room_id)
    if not _ROOM_ID.fullmatch(room_id):
        raise RoomNotFound
    return rooms_visible_to(principal).filter(pk=room_id)


def verify(room: Room) -> LoadedRoom:
    """Hold what is stored against the room's owner key, id, tenant and serial. Raises a VerificationError."""
    try:
        revocation = revocations.of(room)
        envelope = _parsed(room.envelope)
        verified = verify_room(
            envelope,
            room_id=room.pk,
            owner_pubkey_b64=room.owner_pubkey_b64,
            tenant_id=room.tenant_id,
            minimum_serial=room.serial,
        )
    except VerificationError as error:
        log.warning("a stored room does not verify", extra={"room_id": room.pk, "code": error.code})
        raise
    wire = {
        "manifest": verified.wire,
        "manifest_hash": verified.manifest_hash,
        "signature_b64": envelope["signature_b64"],
        "signer_pubkey_b64": verified.owner_pubkey_b64,
    }
    return LoadedRoom(room=room, verified=verified, terms=terms.read(verified), envelope=wire, revocation=revocation)


def rooms_visible_to(principal: Principal) -> QuerySet[Room]:
    """Every room of an owner, revoked ones included; the bound room of a guest. Newest first."""
    rooms = Room.objects.filter(tenant_id=principal.tenant.pk).defer("vault_index")
    return rooms if isinstance(principal, Owner) else rooms.filter(pk=principal.room_id)


def in_force() -> Q:
    """Rooms that are neither revoked nor, by what the rows repeat of their envelopes, expired. Only to count and list:
    `load` asks the manifest.
    """
    return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=clock.now()))


def page(owner: Owner, *, limit: int, cursor: str | None) -> Page[Room]:
    """One page of an owner's rooms, newest first. Raises BadCursor."""
    return newest_first(rooms_visible_to(owner), limit=limit, cursor=cursor)


def verified_or_damaged(rooms: Iterable[Room]) -> Iterator[LoadedRoom | DamagedRoom]:
    """Each room with its proof, so that one damaged row does not hide the others from their owner."""
    for room in rooms:
        try:
            yield verify(room)
        except VerificationError as error:
            yield DamagedRoom(room, error.code)


def _parsed(text: str) -> dict[str, Any]:
    try:
        envelope = ROOM_V1.decode_strict(text.encode("utf-8", "replace"))
    except CanonicalError as error:
        raise ManifestMissing from error
    if not isinstance(envelope, dict):
        raise ManifestMissing
    return envelope
