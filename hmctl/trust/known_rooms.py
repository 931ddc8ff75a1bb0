"""What was once verified about a room: its owner's key, its newest version, its end, in `known-rooms.json`.

A room id given without a link carries no owner key; the key remembered here takes its place. The version
remembered here is what an older, still validly signed manifest is refused against, and a revocation remembered
here is what every version is refused against. Both count at whichever address the room is met again.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from attestation.errors import KernelError, RoomRolledBack
from attestation.manifests.revocation import VerifiedRevocation, verify_revocation
from hmctl.client import wire
from hmctl.errors import RoomRejected
from hmctl.trust.jsonstore import Document, JsonStore

_VERSION: Final = 1
_LATER: Final = "revoked"  # the section that files of earlier versions do not have


@dataclass(frozen=True)
class Known:
    """The last verified state of a room. `signed_at` is when its terms were last signed, by the owner's service."""

    owner_pubkey_b64: str
    manifest_hash: str
    serial: int
    signed_at: float


class KnownRooms:
    """The rooms of one home directory, by service and room id."""

    def __init__(self, home: Path) -> None:
        self._store = JsonStore(home, "known-rooms.json", fresh=_fresh)

    def find(self, service: str, room_id: str) -> Known | None:
        """What is known about the room (StoreDamaged when the file cannot be relied on)."""
        entry = self._section(self._store.load(), "rooms").get(_key(service, room_id))
        return None if entry is None else self._known(entry)

    def all(self) -> dict[str, Known]:
        """Every room that was met, by service and room id (StoreDamaged)."""
        return {key: self._known(entry) for key, entry in self._section(self._store.load(), "rooms").items()}

    def newest(self, room_id: str, owner_pubkey_b64: str) -> Known | None:
        """The newest version of this owner's room that was seen at any service (StoreDamaged)."""
        entries = [known for key, known in self.all().items() if key.endswith(f"|{room_id}")]
        seen = [known for known in entries if known.owner_pubkey_b64 == owner_pubkey_b64]
        return max(seen, key=lambda known: (known.serial, known.signed_at), default=None)

    def remember(self, service: str, room_id: str, known: Known) -> None:
        """Keeps the newest verified state; nothing is written when nothing changed.

        Another command may have seen more since this one looked: what is older, or of another owner, than what is kept
        by now is refused (RoomRejected).
        """
        if self.find(service, room_id) == known:
            return

        def edit(content: Document) -> None:
            rooms = self._section(content, "rooms")
            before = rooms.get(_key(service, room_id))
            if before is not None:
                _must_follow(self._known(before), known)
            rooms[_key(service, room_id)] = asdict(known)

        self._store.change(edit)

    def revocation(self, room_id: str, owner_pubkey_b64: str) -> VerifiedRevocation | None:
        """The owner's statement that the room is over, if one was seen anywhere; verified anew (StoreDamaged)."""
        signed = self._section(self._store.load(), "revoked").get(f"{room_id}|{owner_pubkey_b64}")
        if signed is None:
            return None
        try:
            return verify_revocation(signed, room_id=room_id, owner_pubkey_b64=owner_pubkey_b64)
        except KernelError as problem:
            raise self._store.damaged(f"holds a revocation that does not verify ({problem.code})") from None

    def remember_revocation(self, verified: VerifiedRevocation) -> None:
        """Keeps the first statement seen about a room, for good."""
        said = verified.revocation
        if self.revocation(said.room_id, said.owner_pubkey_b64) is not None:
            return

        def edit(content: Document) -> None:
            self._section(content, "revoked")[f"{said.room_id}|{said.owner_pubkey_b64}"] = verified.wire

        self._store.change(edit)

    def owner_key(self, service: str, tenant_id: str) -> str:
        """The key that signed this tenant's own rooms so far, empty if none was made from here."""
        return wire.text(self._section(self._store.load(), "owners"), _key(service, tenant_id))

    def remember_owner_key(self, service: str, tenant_id: str, owner_pubkey_b64: str) -> None:
        """Keeps the key that signed a room made from here."""

        def edit(content: Document) -> None:
            self._section(content, "owners")[_key(service, tenant_id)] = owner_pubkey_b64

        if self.owner_key(service, tenant_id) != owner_pubkey_b64:
            self._store.change(edit)

    def _known(self, entry: object) -> Known:
        if not isinstance(entry, dict):
            raise self._store.damaged("holds an entry of another shape")
        owner, digest = wire.text(entry, "owner_pubkey_b64"), wire.text(entry, "manifest_hash")
        serial, signed_at = wire.whole(entry, "serial"), wire.number(entry, "signed_at")
        if not owner or not digest or serial is None or signed_at is None:
            raise self._store.damaged("holds a room of which not everything is known")
        return Known(owner, digest, serial, signed_at)

    def _section(self, content: Document, name: str) -> Document:
        if content.get("version") != _VERSION:
            raise self._store.damaged("was written by another version of hmctl")
        section = content.setdefault(name, {}) if name == _LATER else content.get(name)
        if not isinstance(section, dict):
            raise self._store.damaged("has another shape than expected")
        return section


def _must_follow(before: Known, known: Known) -> None:
    if before.owner_pubkey_b64 != known.owner_pubkey_b64:
        raise RoomRejected("another command has just met this room with another owner key", code="owner_key_changed")
    twice = known.serial == before.serial > 0 and known.manifest_hash != before.manifest_hash
    if twice or (known.serial, known.signed_at) < (before.serial, before.signed_at):
        raise RoomRejected.because(RoomRolledBack())


def _fresh() -> Document:
    return {"version": _VERSION, "rooms": {}, "owners": {}}


def _key(service: str, what: str) -> str:
    return f"{service.rstrip('/')}|{what}"
