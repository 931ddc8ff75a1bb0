"""Signed revocations: what owners said about the end of their rooms."""

from typing import Any

from attestation.canonical import ROOM_V1
from attestation.errors import CanonicalError
from attestation.manifests.revocation import RevocationMissing, verify_revocation
from rooms.errors import RevocationNotFound
from rooms.models import Room


def find(room_id: str) -> dict[str, Any]:
    """The signed statement that ended this room, for anybody who has its id.

    Raises RevocationNotFound, also for a room that lives or never was, and a VerificationError when what is stored is
    not the owner's word.
    """
    room = Room.objects.filter(pk=room_id).exclude(revocation="").defer("envelope", "vault_index").first()
    found = of(room) if room else None
    if found is None:
        raise RevocationNotFound
    return found


def of(room: Room) -> dict[str, Any] | None:
    """The signed statement about a room, None where there is none. Raises a VerificationError."""
    if not room.revocation:
        return None
    try:
        signed = ROOM_V1.decode_strict(room.revocation.encode("utf-8", "replace"))
    except CanonicalError as error:
        raise RevocationMissing from error
    return verify_revocation(
        signed,
        room_id=room.pk,
        owner_pubkey_b64=room.owner_pubkey_b64,
        tenant_id=room.tenant_id,
    ).wire
