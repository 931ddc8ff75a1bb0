"""Changing which builds of the service a room accepts: the owner signs a new version of the same manifest."""

from dataclasses import dataclass

from django.db import transaction

from attestation.canonical import ROOM_V1
from attestation.envelope import sign
from attestation.errors import VerificationError
from attestation.manifests.normalise import OPERATOR_UPDATES
from attestation.manifests.room import TrustPolicy, with_trust
from attestation.server import signer
from attestation.verifier import VerifiedRoom, verify_room
from hivemind.kit import audit, clock
from rooms.access import permissions
from rooms.errors import ComposesMissing, LiveComposeUnknown, SigningKeyReplaced, TrustChangedMeanwhile
from rooms.models import Room
from rooms.selectors import rooms
from rooms.selectors.rooms import LoadedRoom
from tenants.principals import Owner
from tenants.services import seals


@dataclass(frozen=True)
class TrustChange:
    """What to change. None keeps; `allowed_composes` replaces the list and `append_live` adds the running build."""

    mode: str | None = None
    allowed_composes: tuple[str, ...] | None = None
    append_live: bool = False


def initial(mode: str, composes: tuple[str, ...], *, live_compose: str) -> TrustPolicy:
    """The trust policy of a new room: a restricting mode without a list accepts the running build.

    Raises LiveComposeUnknown when that one is not known either.
    """
    if mode != OPERATOR_UPDATES and not composes:
        if not live_compose:
            raise LiveComposeUnknown
        composes = (live_compose.lower(),)
    return TrustPolicy(mode, tuple(dict.fromkeys(composes)))


def update(owner: Owner, loaded: LoadedRoom, change: TrustChange) -> LoadedRoom:
    """Sign and store the next version of the room; links and invites keep working.

    Raises LiveComposeUnknown, ComposesMissing, TenantSealed, SigningKeyReplaced when the tenant no longer has the key
    that signed the room, TrustChangedMeanwhile when another update was first, and KeyRetired.
    """
    room, manifest = loaded.room, loaded.verified.manifest
    trust = changed(manifest.trust, change, live_compose=signer.compose_hash())
    serial = max(manifest.serial, room.serial) + 1
    unsigned = with_trust(loaded.verified.wire, trust=trust, updated_at=clock.now().timestamp(), serial=serial)
    envelope = sign(unsigned, key=seals.signing_key(owner))
    verified = _verified(envelope, room, serial)
    with transaction.atomic():
        stored = Room.objects.filter(pk=room.pk, serial=room.serial, revoked_at=None).update(
            envelope=ROOM_V1.encode(envelope).decode(), manifest_hash=verified.manifest_hash, serial=serial
        )
        if stored != 1:
            raise TrustChangedMeanwhile
        permissions.check_key_live(owner)
        audit.record(owner.actor, "room.trust", room.pk, tenant_id=room.tenant_id, mode=trust.mode, serial=serial)
    room.refresh_from_db(fields=["envelope", "manifest_hash", "serial"])
    return rooms.verify(room)


def changed(trust: TrustPolicy, change: TrustChange, *, live_compose: str) -> TrustPolicy:
    """The trust policy after a change. Raises LiveComposeUnknown, ComposesMissing."""
    mode = change.mode or trust.mode
    composes = trust.allowed_composes if change.allowed_composes is None else change.allowed_composes
    if change.append_live:
        if not live_compose:
            raise LiveComposeUnknown
        composes = (*composes, live_compose.lower())
    if mode != OPERATOR_UPDATES and not composes:
        raise ComposesMissing
    return TrustPolicy(mode, tuple(dict.fromkeys(composes)))


def _verified(envelope: dict[str, object], room: Room, serial: int) -> VerifiedRoom:
    """Hold what is about to be stored against what every later reader will demand."""
    try:
        return verify_room(
            envelope,
            room_id=room.pk,
            owner_pubkey_b64=room.owner_pubkey_b64,
            tenant_id=room.tenant_id,
            minimum_serial=serial,
        )
    except VerificationError as error:
        raise SigningKeyReplaced from error
