"""Rows of a room list, each held against its own signature."""

from dataclasses import dataclass

from attestation import verifier
from attestation.errors import KernelError
from attestation.verifier import VerifiedRoom
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject
from hmctl.rooms import opening


@dataclass(frozen=True)
class ListedRoom:
    """One row. Without `verified`, `problem` says why its signature does not hold."""

    room_id: str
    is_revoked: bool
    verified: VerifiedRoom | None
    problem: str
    raw: JsonObject

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
    """Verifies the row against the owner key remembered for the room, if there is one."""
    room_id = wire.text(row, "room_id")
    verified, problem = None, ""
    try:
        known = app.known_rooms.find(app.profile.service.url, room_id)
        verified = verifier.verify_room(
            row.get("envelope"), room_id=room_id, owner_pubkey_b64=known.owner_pubkey_b64 if known else None
        )
    except KernelError as error:
        problem = str(error)
    return ListedRoom(room_id, row.get("revoked_at") is not None, verified, problem, row)


def as_json(room: ListedRoom) -> JsonObject:
    """The row with signed values in place of unsigned ones, and whether they could be verified."""
    if room.verified is None:
        return dict(room.raw) | {"verified": False, "problem": room.problem}
    return opening.room_json(room.raw, room.verified) | {"verified": True}
