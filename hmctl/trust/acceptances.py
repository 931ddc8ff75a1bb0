"""Which room terms the user agreed to: `accepted-rooms.json`, in the layout of published clients."""

from dataclasses import dataclass
from pathlib import Path

from hmctl.client import wire
from hmctl.trust.jsonstore import Document, JsonStore


@dataclass(frozen=True)
class Terms:
    """One exact version of one room, as one profile meets it at one service."""

    profile: str
    service: str
    room_id: str
    owner_pubkey_b64: str
    manifest_hash: str

    @property
    def key(self) -> str:
        """The entry's name in the file."""
        parts = (
            self.profile,
            self.service.rstrip("/"),
            self.room_id,
            self.owner_pubkey_b64,
            self.manifest_hash,
        )
        return "|".join(parts)


@dataclass(frozen=True)
class Accepted:
    """One acceptance: which terms, and when (unix seconds)."""

    manifest_hash: str
    accepted_at: float


class Acceptances:
    """The accepted terms of one home directory."""

    def __init__(self, home: Path) -> None:
        self._store = JsonStore(home, "accepted-rooms.json", fresh=dict)

    def has(self, terms: Terms) -> bool:
        """Whether exactly these terms were accepted (StoreDamaged when the file cannot be relied on)."""
        entry = self._store.load().get(terms.key)
        if entry is None:
            return False
        if not isinstance(entry, dict) or entry.get("manifest_hash") != terms.manifest_hash:
            raise self._store.damaged("holds an entry that does not fit its key")
        return True

    def last_other_version(self, terms: Terms) -> Accepted | None:
        """The version of the same room that was accepted last before this one (StoreDamaged)."""
        stem = terms.key.removesuffix(terms.manifest_hash)
        content = self._store.load()
        found = [self._accepted(content[key]) for key in content if key.startswith(stem) and key != terms.key]
        return max(found, key=lambda accepted: accepted.accepted_at, default=None)

    def accept(self, terms: Terms, *, name: str, at: float) -> None:
        """Remembers the terms."""
        entry: Document = {
            "profile": terms.profile,
            "service": terms.service.rstrip("/"),
            "room_id": terms.room_id,
            "name": name,
            "manifest_hash": terms.manifest_hash,
            "owner_pubkey_b64": terms.owner_pubkey_b64,
            "accepted_at": at,
        }
        self._store.change(lambda content: content.__setitem__(terms.key, entry))

    def rename_profile(self, old: str, new: str) -> int:
        """Moves the acceptances of a profile to its new name; returns how many."""
        moved = 0

        def edit(content: Document) -> None:
            nonlocal moved
            for key in [key for key in content if key.startswith(f"{old}|")]:
                entry = content.pop(key)
                if isinstance(entry, dict):
                    entry["profile"] = new
                content[f"{new}|{key.partition('|')[2]}"] = entry
                moved += 1

        if any(key.startswith(f"{old}|") for key in self._store.load()):
            self._store.change(edit)
        return moved

    def _accepted(self, entry: object) -> Accepted:
        if not isinstance(entry, dict):
            raise self._store.damaged("holds an entry of another shape")
        return Accepted(wire.text(entry, "manifest_hash"), wire.number(entry, "accepted_at") or 0.0)
