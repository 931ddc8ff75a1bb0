"""Rows of a room list, each held against its own signature."""

from dataclasses import dataclass
from typing import Final

from attestation.errors import KernelError
from attestation.verifier import VerifiedRoom
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.errors import RoomRejected
from hmctl.rooms import opening, revocations

ACTIVE: Final = "active"
EXPIRED: Final = "expired"
REVOKED: Final = "revoked"
UNPROVEN: Final = "revoked (unproven)"


@dataclass(frozen=True)
class ListedRoom:
    """One row. Without `verified`, `problem` says why its signature does not hold.

    `state` is `active`, `expired`, `revoked` by the owner's word, or `revoked (unproven)` by the service's alone.
    """

    room_id: str
    state: str
    verified: VerifiedRoom | None
    problem: str
    raw: JsonObject

    @property
    def is_revoked(self) -> bool:
        """Whether the room is over, or said to be."""
        return self.state.startswith(REVOKED)

    @property
    def name(self) -> str:
        """The signed name, empty if the room is not verified."""
        return self.verified.manifest.name if self.verified else ""

    def mentions_agent(self, agent_id: str) -> bool:
        """Whether the row or its manifest, believed or not, names the agent."""
        manifest = wire.obj(wire.obj(self.raw, "envelope"), "manifest")
        named = [wire.text(self.raw, f) for f in ("scope_agent_id", "fixed_query_agent_id", "fixed_mediator_agent_id")]
        named += [wire.text(wire.obj(manifest, role), "agent_id") for role in ("scope", "query", "mediator")]
        return agent_id in named


def read(app: App, row: JsonObject) -> ListedRoom:
    """Verifies the row against the owner key and the version remembered for the room, if there are any."""
    room_id = wire.text(row, "room_id")
    known = app.known_rooms.find(app.profile.service.url, room_id)
    owner = known.owner_pubkey_b64 if known else None
    claimed = UNPROVEN if row.get("revoked_at") is not None else ACTIVE
    try:
        verified = opening.check_version(app, row, room_id=room_id, owner_pubkey_b64=owner, now=None)
    except RoomRejected as problem:
        return ListedRoom(room_id, claimed, None, problem.message, row)
    state, problem_text = _state(app, row, verified, claimed)
    return ListedRoom(room_id, state, verified, problem_text, row)


def _state(app: App, row: JsonObject, verified: VerifiedRoom, claimed: str) -> tuple[str, str]:
    room_id, owner, expires_at = (
        verified.manifest.room_id,
        verified.owner_pubkey_b64,
        verified.manifest.expires_at,
    )
    if app.known_rooms.revocation(room_id, owner) is not None:
        brought_back = "its owner revoked it, and the service shows it as if it were in force"
        return REVOKED, brought_back if claimed == ACTIVE else ""
    if row.get("revocation") is not None:
        try:
            revocations.read(app, row["revocation"], room_id=room_id, owner_pubkey_b64=owner)
        except KernelError as problem:
            return UNPROVEN, f"its revocation does not verify: {problem}"
        return REVOKED, ""
    if claimed == ACTIVE and expires_at is not None and app.clock.now() >= expires_at:
        return EXPIRED, ""
    return claimed, ""


def as_json(room: ListedRoom) -> JsonObject:
    """The row with signed values in place of unsigned ones, and whether they could be verified."""
    if room.verified is None:
        return dict(room.raw) | {"verified": False, "problem": room.problem}
    return opening.room_json(room.raw, room.verified) | {"verified": True, "state": room.state}
