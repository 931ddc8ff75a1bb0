"""The owner's signed word that a room is over, so that nobody can bring it back."""

import logging
from typing import Any

from django.db import transaction

from attestation.canonical import ROOM_V1
from attestation.errors import VerificationError
from attestation.manifests.revocation import Revocation, sign_revocation, verify_revocation
from hivemind.kit import audit, clock
from hivemind.kit.errors import TenantSealed
from rooms.errors import RoomLives, RoomNotFound, SigningKeyReplaced
from rooms.models import Room
from rooms.selectors import revocations
from rooms.selectors import rooms as selectors
from tenants.principals import Owner
from tenants.services import seals

log = logging.getLogger(__name__)


def statement(owner: Owner, room: Room) -> str:
    """The signed statement about `room` as it is stored; empty when its owner's key is not there any more.

    A room whose key is gone can still be ended: only the proof of it is missing then.
    """
    revocation = Revocation(
        room_id=room.pk,
        tenant_id=room.tenant_id,
        serial=room.serial + 1,
        revoked_at=int(clock.now().timestamp()),
        owner_pubkey_b64=room.owner_pubkey_b64,
    )
    try:
        signed = sign_revocation(revocation, key=seals.signing_key(owner))
        verify_revocation(signed, room_id=room.pk, owner_pubkey_b64=room.owner_pubkey_b64, tenant_id=owner.tenant.pk)
    except (TenantSealed, VerificationError) as error:
        log.warning("a room is revoked without a signed statement", extra={"room_id": room.pk, "code": error.code})
        return ""
    return ROOM_V1.encode(signed).decode()


def sign_later(owner: Owner, room_id: str) -> dict[str, Any]:
    """The owner's signed statement about a room that was ended without one; the one that exists, if there is one.

    Raises BlankRoomId, RoomNotFound, RoomLives, and SigningKeyReplaced when the key that signed the room is gone.
    """
    with transaction.atomic():
        room = selectors.called(owner, room_id).select_for_update(of=("self",), no_key=True).first()
        if room is None:
            raise RoomNotFound
        if room.revoked_at is None and not room.revocation:
            raise RoomLives
        if not room.revocation:
            room.revocation = statement(owner, room)
            room.save(update_fields=["revocation"])
            audit.record(owner.actor, "room.sign_end", room.pk, tenant_id=room.tenant_id)
        signed = revocations.of(room)
        if signed is None:
            raise SigningKeyReplaced
        return signed
