"""The owner's signed word that a room is over, so that nobody can bring it back."""

import logging

from attestation.canonical import ROOM_V1
from attestation.errors import VerificationError
from attestation.manifests.revocation import Revocation, sign_revocation, verify_revocation
from hivemind.kit import clock
from hivemind.kit.errors import TenantSealed
from rooms.models import Room
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
