"""The end of a room: what counts as its owner's word, and that it counts for good.

A service may say that a room is over; only its owner's signature proves it, and once that was seen no service can bring
the room back.
"""

from typing import Final

from attestation.errors import KernelError
from attestation.manifests.revocation import (
    RevocationMissing,
    RoomRevoked,
    VerifiedRevocation,
    verify_revocation,
)
from hmctl.app import App
from hmctl.client.transport import JsonObject
from hmctl.errors import BadAnswer, BadInput, HmctlError, HttpFailed, RoomRejected, TransportFailed
from hmctl.render import units
from hmctl.rooms.reference import RoomRef

_ENDS: Final = (401, 403, 404, 410)  # what a service answers where a link or a room is over
_CLAIMED: Final = 403


def owner_of(app: App, ref: RoomRef) -> str | None:
    """The owner's key that the link names or this home remembers."""
    if ref.owner_pubkey_b64 is not None:
        return ref.owner_pubkey_b64
    known = app.known_rooms.find(ref.service.url, ref.room_id)
    return known.owner_pubkey_b64 if known else None


def refuse_ended(app: App, room_id: str, owner_pubkey_b64: str | None) -> None:
    """Refuses a room whose owner's statement was seen before, at any service (RoomRejected)."""
    if owner_pubkey_b64 is None:
        return
    known = app.known_rooms.revocation(room_id, owner_pubkey_b64)
    if known is not None:
        raise _revoked(known)


def read(app: App, signed: object, *, room_id: str, owner_pubkey_b64: str) -> VerifiedRevocation:
    """A statement of this room's owner, remembered from now on (KernelError for anything else)."""
    verified = verify_revocation(signed, room_id=room_id, owner_pubkey_b64=owner_pubkey_b64)
    try:
        app.known_rooms.remember_revocation(verified)
    except BadInput as problem:
        app.terminal.warn(f"the end of this room is not remembered: {problem.message}")
    return verified


def check_row(app: App, room: JsonObject, *, room_id: str, owner_pubkey_b64: str) -> None:
    """Refuses a room that is shown together with its end, or with the claim that it is over (RoomRejected)."""
    if room.get("revocation") is None and room.get("revoked_at") is None:
        return
    try:
        ended = read(app, room.get("revocation"), room_id=room_id, owner_pubkey_b64=owner_pubkey_b64)
    except KernelError as problem:
        raise RoomRejected.because(problem) from problem
    raise _revoked(ended)


def why_refused(app: App, ref: RoomRef, problem: HttpFailed) -> HmctlError:
    """Why the service does not show the room: its end, if its owner signed that, else what the service says.

    Sends no credential.
    """
    if problem.status not in _ENDS:
        return problem
    claimed = problem.status == _CLAIMED and "revoked" in problem.detail.lower()
    owner = owner_of(app, ref)
    try:
        if owner is None:
            raise RevocationMissing("The service says that the room is revoked; its owner's key is not known here.")
        told = app.public(ref.service).revocation(ref.room_id)
        return _revoked(read(app, told.get("revocation"), room_id=ref.room_id, owner_pubkey_b64=owner))
    except KernelError as unproven:
        return RoomRejected.because(unproven) if claimed else problem
    except (HttpFailed, BadAnswer, TransportFailed):
        return RoomRejected.because(RevocationMissing()) if claimed else problem


def _revoked(ended: VerifiedRevocation) -> RoomRejected:
    return RoomRejected.because(RoomRevoked(), detail=f"signed {units.moment(ended.revocation.revoked_at)}")
