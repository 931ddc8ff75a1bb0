"""The owner's compose pins as this machine keeps them: `compose-pins.json`.

A pin is the owner's signed word for which builds of the service may meet the owner key and an agent of theirs.
The service keeps pins too, but it could hide one, so what counts is this file. Entries are found by the fingerprint
of the owner key, which needs no question to anybody; a revoked pin stays as a mark that nothing brings back.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from attestation.errors import KernelError
from attestation.manifests.compose_pin import VerifiedPin, open_pin
from hmctl.client import wire
from hmctl.trust.jsonstore import Document, JsonStore

_VERSION: Final = 1
_BEFORE_ANY_EXPIRY: Final = 0.0


@dataclass(frozen=True)
class KeptPin:
    """One pin whose signature holds. `registered`: the service had it once, so its absence there is a lie."""

    verified: VerifiedPin
    envelope: Document
    kept_at: float
    registered: bool = False
    revoked_at: float | None = None

    @property
    def pin_id(self) -> str:
        """Its public name."""
        return self.verified.pin_id

    @property
    def scope(self) -> str:
        """The scope agent it is about, empty for all."""
        return self.verified.pin.scope_agent_id

    @property
    def age(self) -> tuple[int, str]:
        """Sorts pins of one scope from old to new."""
        return self.verified.pin.issued_at, self.pin_id


@dataclass(frozen=True)
class PinnedKey:
    """What is kept for one owner key. Tenant and signer are empty as long as there was no pin."""

    fingerprint: str
    profile: str
    service: str
    tenant_id: str = ""
    signer_pubkey_b64: str = ""
    refreshed_at: float = 0.0
    pins: tuple[KeptPin, ...] = ()

    def in_force(self, now: float) -> list[KeptPin]:
        """For every scope agent, and for all agents, the newest pin that is neither revoked nor expired."""
        newest: dict[str, KeptPin] = {}
        for kept in sorted(self.pins, key=lambda kept: kept.age):
            if kept.revoked_at is None and not kept.verified.pin.is_expired(now=now):
                newest[kept.scope] = kept
        return list(newest.values())

    def ran_out(self, now: float) -> list[KeptPin]:
        """The newest pins that expired with nothing in force after them."""
        covered = {kept.scope for kept in self.in_force(now)}
        newest: dict[str, KeptPin] = {}
        for kept in sorted(self.pins, key=lambda kept: kept.age):
            if kept.revoked_at is None and kept.scope not in covered:
                newest[kept.scope] = kept
        return list(newest.values())

    def find(self, pin_id: str) -> KeptPin | None:
        """The pin of that id."""
        return next((kept for kept in self.pins if kept.pin_id == pin_id), None)

    def with_pin(self, pin: KeptPin) -> "PinnedKey":
        """The same key with this pin in place of one of its id."""
        others = tuple(kept for kept in self.pins if kept.pin_id != pin.pin_id)
        return replace(self, pins=(*others, pin))


class PinStore:
    """The pins of one home directory. Every read verifies what it returns; damage raises StoreDamaged."""

    def __init__(self, home: Path) -> None:
        self._store = JsonStore(home, "compose-pins.json", fresh=lambda: {"version": _VERSION, "keys": {}})

    def all(self) -> list[PinnedKey]:
        """Every key with pins or without."""
        keys = self._keys(self._store.load())
        return [self._read(fingerprint, keys[fingerprint]) for fingerprint in sorted(keys)]

    def find(self, fingerprint: str) -> PinnedKey | None:
        """What is kept for one key."""
        return next((entry for entry in self.all() if entry.fingerprint == fingerprint), None)

    def change(self, fresh: PinnedKey, edit: Callable[[PinnedKey], PinnedKey]) -> PinnedKey:
        """Edits the entry of a key while other processes wait; `fresh` stands in for an entry not there yet."""
        edited = [fresh]

        def edit_file(content: Document) -> None:
            keys = self._keys(content)
            before = keys.get(fresh.fingerprint)
            edited[0] = edit(fresh if before is None else self._read(fresh.fingerprint, before))
            keys[fresh.fingerprint] = _entry_json(edited[0])

        self._store.change(edit_file)
        return edited[0]

    def succeed(self, old_fingerprint: str, entry: PinnedKey) -> None:
        """Puts the entry of a new key in place of its predecessor's, in one step."""

        def edit(content: Document) -> None:
            keys = self._keys(content)
            keys.pop(old_fingerprint, None)
            keys[entry.fingerprint] = _entry_json(entry)

        self._store.change(edit)

    def rename_profile(self, old: str, new: str) -> None:
        """Lets the pins follow a profile to its new name."""
        for entry in self.all():
            if entry.profile == old:
                self.change(entry, lambda before: replace(before, profile=new))

    def _keys(self, content: Document) -> Document:
        keys = content.get("keys")
        if content.get("version") != _VERSION or not isinstance(keys, dict):
            raise self._store.damaged("has another shape than expected")
        return keys

    def _read(self, fingerprint: str, entry: object) -> PinnedKey:
        if not isinstance(entry, dict) or not isinstance(entry.get("pins"), list):
            raise self._store.damaged("holds an entry of another shape")
        tenant_id, signer = wire.text(entry, "tenant_id"), wire.text(entry, "signer_pubkey_b64")
        return PinnedKey(
            fingerprint=fingerprint,
            profile=wire.text(entry, "profile"),
            service=wire.text(entry, "service"),
            tenant_id=tenant_id,
            signer_pubkey_b64=signer,
            refreshed_at=wire.number(entry, "refreshed_at") or 0.0,
            pins=tuple(self._pin(item, tenant_id=tenant_id, signer=signer) for item in entry["pins"]),
        )

    def _pin(self, item: object, *, tenant_id: str, signer: str) -> KeptPin:
        members: Document = item if isinstance(item, dict) else {}
        envelope = wire.obj(members, "envelope")
        revoked_at = members.get("revoked_at")
        if revoked_at is not None and wire.number(members, "revoked_at") is None:
            raise self._store.damaged("holds a pin of another shape")
        try:
            verified = open_pin(envelope, tenant_id=tenant_id, expected_pubkey_b64=signer, now=_BEFORE_ANY_EXPIRY)
        except KernelError as problem:
            raise self._store.damaged(f"holds a pin that does not verify ({problem})") from None
        return KeptPin(
            verified=verified,
            envelope=envelope,
            kept_at=wire.number(members, "kept_at") or 0.0,
            registered=members.get("registered") is True,
            revoked_at=wire.number(members, "revoked_at"),
        )


def _entry_json(entry: PinnedKey) -> Document:
    return {
        "profile": entry.profile,
        "service": entry.service,
        "tenant_id": entry.tenant_id,
        "signer_pubkey_b64": entry.signer_pubkey_b64,
        "refreshed_at": entry.refreshed_at,
        "pins": [
            {
                "envelope": kept.envelope,
                "kept_at": kept.kept_at,
                "registered": kept.registered,
                "revoked_at": kept.revoked_at,
            }
            for kept in sorted(entry.pins, key=lambda kept: kept.age)
        ],
    }
